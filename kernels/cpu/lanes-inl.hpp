// Vectors of a row, the last of which may be shorter. Compiled once per instruction set.

#if defined(TEGULA_KERNELS_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef TEGULA_KERNELS_LANES_INL
#undef TEGULA_KERNELS_LANES_INL
#else
#define TEGULA_KERNELS_LANES_INL
#endif

#include <hwy/highway.h>
#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Stores the first lanes, fewer than all. (Masked stores take AMD's processors tens of cycles.)
template <typename D, typename T>
HWY_INLINE void store_first(D d, hn::Vec<D> v, std::size_t used, T* to) {
  HWY_ALIGN T lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  const T* from = lanes;
  for (std::size_t width = hn::MaxLanes(d) / 2; width > 0; width /= 2) {
    if ((used & width) == 0) continue;
    std::memcpy(to, from, width * sizeof(T));
    to += width;
    from += width;
  }
}

/// Loads and stores the first lanes. Only vectors of several lanes have tails, and those
/// instruction sets do not touch the memory of masked lanes.
template <typename T>
struct Lanes {
  using D = hn::ScalableTag<T>;
  D d;
  std::size_t used;
  bool all;

  HWY_INLINE hn::Vec<D> load(const T* from, T fill = T(0)) const {
    if (all) return hn::LoadU(d, from);
    const auto mask = hn::FirstN(d, used);
    return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, from), hn::Set(d, fill));
  }
  HWY_INLINE void store(hn::Vec<D> v, T* to) const {
    if (all) {
      hn::StoreU(v, d, to);
    } else {
      store_first(d, v, used, to);
    }
  }
};

/// Calls `body(column, lanes)` for each vector of a row.
template <typename T, typename Body>
HWY_INLINE void for_each_vector_of_row(std::size_t columns, const Body& body) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = 0;
  for (; c + lanes <= columns; c += lanes) body(c, Lanes<T>{d, lanes, true});
  if (c < columns) body(c, Lanes<T>{d, columns - c, false});
}

}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
