// Elementwise programs that compute in float, for each instruction set.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/elementwise_f32.cpp"
#include <hwy/foreach_target.h>

#include "kernels/cpu/elementwise_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {

void run_tiles_f32(const ElementwiseCode& code, const RunArguments& arguments, const TileGrid& grid,
                   std::int64_t first, std::int64_t last) {
  run_tiles<float>(code, arguments, grid, first, last);
}

void run_scalars_f32(std::span<const CodeInstruction> instructions, float* table) {
  run_scalars<float>(instructions, table);
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(run_tiles_f32);
HWY_EXPORT(run_scalars_f32);

void detail::run_tiles_f32(const ElementwiseCode& code, const RunArguments& arguments,
                           const TileGrid& grid, std::int64_t first, std::int64_t last) {
  HWY_DYNAMIC_DISPATCH(run_tiles_f32)(code, arguments, grid, first, last);
}

void detail::run_scalars_f32(std::span<const CodeInstruction> instructions, float* table) {
  HWY_DYNAMIC_DISPATCH(run_scalars_f32)(instructions, table);
}

}  // namespace tegula::kernels
#endif
