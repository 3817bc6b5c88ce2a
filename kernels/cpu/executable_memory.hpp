#pragma once
// Memory for generated machine code: written first, then made executable, never both at once.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace tegula::kernels::detail {

/// A copy of `code` in whole pages of a pool that all programs share; the pages return to the pool
/// with the last owner. The code must not depend on its position. Null where the system grants no
/// executable memory. Safe to call from several threads.
std::shared_ptr<const void> make_executable(std::span<const std::uint8_t> code);

}  // namespace tegula::kernels::detail
