// Elementwise programs that compute in double, for each instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/elementwise_f64.cpp"
#include <hwy/foreach_target.h>

#include "kernels/cpu/elementwise_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {

void run_tiles_f64(const ElementwiseCode& code, const RunArguments& arguments, const TileGrid& grid,
                   std::int64_t first, std::int64_t last) {
  run_tiles<double>(code, arguments, grid, first, last);
}

void run_scalars_f64(std::span<const CodeInstruction> instructions, double* table) {
  run_scalars<double>(instructions, table);
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(run_tiles_f64);
HWY_EXPORT(run_scalars_f64);

void detail::run_tiles_f64(const ElementwiseCode& code, const RunArguments& arguments,
                           const TileGrid& grid, std::int64_t first, std::int64_t last) {
  HWY_DYNAMIC_DISPATCH(run_tiles_f64)(code, arguments, grid, first, last);
}

void detail::run_scalars_f64(std::span<const CodeInstruction> instructions, double* table) {
  HWY_DYNAMIC_DISPATCH(run_scalars_f64)(instructions, table);
}

}  // namespace tegula::kernels
#endif
