#include "kernels/cpu/isa.hpp"

#include <hwy/highway.h>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "src/core/made_before_fork.hpp"
#include "tegula/core/error.hpp"

namespace tegula::kernels {

namespace {

constexpr int kNotChosen = -1;
std::atomic<int> chosen_isa{kNotChosen};

/// Highway's bit for a path. Its baseline is whatever the compiler's flags guarantee.
std::int64_t target_of(Isa isa) {
  switch (isa) {
    case Isa::baseline:
      return HWY_STATIC_TARGET;
    case Isa::avx2:
      return HWY_AVX2;
    case Isa::avx512:
      return HWY_AVX3;
  }
  return HWY_STATIC_TARGET;
}

std::string supported_words() {
  std::string words;
  for (const Isa isa : kAllIsas) {
    if (!isa_supported(isa)) continue;
    words += (words.empty() ? "" : ", ") + std::string(to_string(isa));
  }
  return words;
}

Isa default_isa() {
  if (const char* word = std::getenv("TEGULA_ISA"); word != nullptr && *word != '\0') {
    return isa_from_string(word);
  }
  Isa best = Isa::baseline;
  for (const Isa isa : kAllIsas) {
    if (isa_supported(isa)) best = isa;
  }
  return best;
}

}  // namespace

std::string_view to_string(Isa isa) {
  switch (isa) {
    case Isa::baseline:
      return "baseline";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
  }
  return "unknown";
}

Isa isa_from_string(std::string_view word) {
  for (const Isa isa : kAllIsas) {
    if (to_string(isa) == word) return isa;
  }
  throw InvalidArgument("unknown instruction set \"" + std::string(word) +
                        "\" (TEGULA_ISA); expected one of baseline, avx2, avx512");
}

bool isa_supported(Isa isa) {
  static const std::int64_t runnable = hwy::SupportedTargets() | HWY_STATIC_TARGET;
  return (target_of(isa) & HWY_TARGETS & runnable) != 0;
}

namespace {

const tegula::detail::MadeBeforeFork kMadeBeforeFork([] { isa_supported(Isa::baseline); });

}  // namespace

Isa active_isa() {
  const int chosen = chosen_isa.load(std::memory_order_acquire);
  if (chosen != kNotChosen) return static_cast<Isa>(chosen);
  const Isa isa = default_isa();
  force_isa(isa);
  return isa;
}

void force_isa(Isa isa) {
  if (!isa_supported(isa)) {
    throw InvalidArgument("this machine cannot run instruction set " + std::string(to_string(isa)) +
                          " (TEGULA_ISA); it has " + supported_words());
  }
  // Dispatch takes the best target among the given bits; the baseline is always among them.
  hwy::GetChosenTarget().Update(target_of(isa));
  chosen_isa.store(static_cast<int>(isa), std::memory_order_release);
}

}  // namespace tegula::kernels
