#include <doctest/doctest.h>

#include "kernels/cpu/isa.hpp"
#include "tegula/core/error.hpp"

using namespace tegula;
using namespace tegula::kernels;

TEST_CASE("the words of TEGULA_ISA name the instruction sets") {
  for (const Isa isa : kAllIsas) CHECK(isa_from_string(to_string(isa)) == isa);
  CHECK_THROWS_WITH_AS(isa_from_string("sse9"),
                       "unknown instruction set \"sse9\" (TEGULA_ISA); expected one of baseline, "
                       "avx2, avx512",
                       InvalidArgument);
}

TEST_CASE("an instruction set is used once forced, and refused when the machine lacks it") {
  const Isa before = active_isa();
  CHECK(isa_supported(Isa::baseline));
  CHECK(isa_supported(before));
  for (const Isa isa : kAllIsas) {
    if (isa_supported(isa)) {
      force_isa(isa);
      CHECK(active_isa() == isa);
    } else {
      CHECK_THROWS_AS(force_isa(isa), InvalidArgument);
    }
  }
  force_isa(before);
}
