#pragma once
// Which instruction set our kernels run on: one binary holds a path for each, chosen at run time.

#include <string_view>

namespace tegula::kernels {

/// Paths that the kernels are compiled for. `baseline` is what every x86-64 has; `avx2` includes
/// FMA, BMI2 and F16C; `avx512` includes F, BW, CD, DQ and VL.
enum class Isa { baseline, avx2, avx512 };

inline constexpr Isa kAllIsas[] = {Isa::baseline, Isa::avx2, Isa::avx512};

/// "baseline", "avx2", "avx512": the words of TEGULA_ISA.
std::string_view to_string(Isa isa);

/// Throws InvalidArgument naming the known words.
Isa isa_from_string(std::string_view word);

/// Whether this machine, and this build, has the path.
bool isa_supported(Isa isa);

/// The path in use: the best supported one, unless TEGULA_ISA or force_isa says otherwise. The
/// first call reads TEGULA_ISA and makes it so for all kernels, and throws InvalidArgument when its
/// word is unknown or the machine lacks the path. A backend calls this once before it runs any
/// kernel.
Isa active_isa();

/// Makes all kernels use `isa` from now on, in every thread; no kernel may be running. For tests
/// and benchmarks. Throws InvalidArgument when the machine lacks it.
void force_isa(Isa isa);

}  // namespace tegula::kernels
