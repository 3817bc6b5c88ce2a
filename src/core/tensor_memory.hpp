#pragma once
// The memory of tensors. Large blocks lie on huge pages; large and middle ones of a size that
// recurs wait, when they are freed, for the next tensor of that size: the system clears fresh pages
// more slowly than most ops write their results.

#include <cstddef>
#include <memory>

namespace tegula::detail {

/// Aligned to kAlignment, and an address even for no bytes, so that kernels never see null.
std::shared_ptr<void> allocate_tensor_memory(std::size_t bytes);

/// From how many bytes on a block counts as middle and as large, and how many bytes of freed ones
/// of each kind wait at most. Smaller ones the C library keeps itself.
inline constexpr std::size_t kMiddleBlock = std::size_t{128} << 10;
inline constexpr std::size_t kLargeBlock = std::size_t{8} << 20;
inline constexpr std::size_t kMaxWaitingBytes = std::size_t{512} << 20;

/// Bytes of the freed blocks that wait now.
std::size_t waiting_tensor_bytes();

}  // namespace tegula::detail
