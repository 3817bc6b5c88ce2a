#pragma once
// How the processor treats subnormal floats: one mode per thread.

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tegula::detail {

/// A thread's rounding and treatment of subnormal floats, as the processor's control register holds
/// them.
class FloatMode {
 public:
  /// The mode of the calling thread.
  static FloatMode current() { return FloatMode(read()); }
  /// This mode with subnormal inputs and results taken for zero, where the processor can.
  FloatMode flushing_subnormals() const { return FloatMode(bits_ | kFlush); }
  /// Makes it the mode of the calling thread.
  void apply() const {
    if (read() != bits_) write(bits_);
  }

 private:
#if defined(__SSE2__)
  using Bits = std::uint32_t;
  /// "Flush to zero" and "denormals are zeros" of MXCSR.
  static constexpr Bits kFlush = 0x8040;
  /// Its low six bits tell what has happened and are no part of the mode.
  static Bits read() { return _mm_getcsr() & ~Bits{0x3F}; }
  static void write(Bits bits) { _mm_setcsr(bits); }
#elif defined(__aarch64__)
  using Bits = std::uint64_t;
  /// "FZ" of FPCR.
  static constexpr Bits kFlush = Bits{1} << 24;
  static Bits read() {
    Bits bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void write(Bits bits) { asm volatile("msr fpcr, %0" : : "r"(bits)); }
#else
  using Bits = std::uint32_t;
  static constexpr Bits kFlush = 0;
  static Bits read() { return 0; }
  static void write(Bits) {}
#endif

  explicit FloatMode(Bits bits) : bits_(bits) {}

  Bits bits_;
};

/// Takes subnormal floats for zero while it lives. Arithmetic on them costs many times as much as
/// on others, and what decays, like the moments of an optimizer, passes through them.
class FlushSubnormals {
 public:
  FlushSubnormals() { before_.flushing_subnormals().apply(); }
  ~FlushSubnormals() { before_.apply(); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  FloatMode before_ = FloatMode::current();
};

}  // namespace tegula::detail
