#pragma once
// When to store past the caches.

#include <cstdint>

namespace tegula::kernels {

/// Results of this size leave the caches before anybody reads them. Stored past the caches, they
/// need not be read into them first.
inline constexpr std::int64_t kStreamingBytes = std::int64_t{32} << 20;

}  // namespace tegula::kernels
