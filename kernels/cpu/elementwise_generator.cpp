#include "kernels/cpu/elementwise_generator.hpp"

#if defined(TEGULA_WITH_XBYAK) && defined(__x86_64__) && !defined(_WIN32)

#include <xbyak/xbyak.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "kernels/cpu/elementwise_jit.hpp"
#include "kernels/cpu/elementwise_registers.hpp"

namespace tegula::kernels::detail {

namespace {

constexpr std::size_t kMaxCodeBytes = 64 * 1024;
constexpr std::size_t kMaxFrameBytes = 64 * 1024;

/// The predicate with the operands exchanged.
std::uint8_t mirrored(std::uint8_t predicate) {
  switch (predicate) {
    case 0x11:
      return 0x1E;
    case 0x1E:
      return 0x11;
    case 0x12:
      return 0x1D;
    case 0x1D:
      return 0x12;
    case 0x15:
      return 0x1A;
    case 0x1A:
      return 0x15;
    case 0x16:
      return 0x19;
    case 0x19:
      return 0x16;
    default:
      return predicate;
  }
}

/// The operations of the lanes, and the loop around them.
class Generator : public LaneRegisters {
 public:
  /// Writes to `buffer`, which holds kMaxCodeBytes.
  Generator(const LaneProgram& program, bool streaming, void* buffer)
      : LaneRegisters(program, streaming, buffer, kMaxCodeBytes) {}

  /// False where the program is too large.
  bool make() {
    if (frame_bytes_ > kMaxFrameBytes) return false;
    begin();
    compute(LaneLevel::run);
    L(next_row_);
    compute(LaneLevel::row);
    xor_(eax, eax);
    if (layout_.copies() > 1) vectors(layout_.copies());
    vectors(1);
    tail();
    step_rows();
    end();
    data();
    return true;
  }

 private:
  // Operations.

  /// A register for the result, which may be that of an operand that dies.
  Ymm result_register(int lane, int copy) {
    for (const std::int16_t operand : layout_.lane(lane).operands) {
      if (operand < 0) continue;
      Place& p = place(operand, copy);
      if (p.reg < 0 || !dies(operand, copy)) continue;
      const int reg = p.reg;
      p.reg = -1;
      own(lane, copy, reg);
      return Ymm(reg);
    }
    const int reg = take();
    own(lane, copy, reg);
    return Ymm(reg);
  }

  void operate(int number, int copy) {
    const Lane& lane = layout_.lane(number);
    locked_ = 0;
    if (lane.op == LaneOp::mul_add || lane.op == LaneOp::mul_sub ||
        lane.op == LaneOp::neg_mul_add) {
      fused(number, copy);
    } else if (lane.op == LaneOp::select) {
      const Ymm mask = to_register(lane.operands[0], copy),
                no = to_register(lane.operands[2], copy);
      const Source yes = to_operand(lane.operands[1], copy);
      const Ymm to = result_register(number, copy);
      vblendvps(to, no, as_operand(yes), mask);
    } else if (lane.operand_count() == 1) {
      unary(number, copy);
    } else {
      binary(number, copy);
    }
    locked_ = 0;
    for (const std::int16_t operand : lane.operands) {
      if (operand >= 0) release(operand, copy);
    }
  }

  static const Operand& as_operand(const Source& source) {
    if (source.is_register) return source.reg;
    return source.address;
  }

  void unary(int number, int copy) {
    const Lane& lane = layout_.lane(number);
    if (lane.op == LaneOp::shift_left || lane.op == LaneOp::shift_right) {
      const Ymm from = to_register(lane.operands[0], copy);
      const Ymm to = result_register(number, copy);
      if (lane.op == LaneOp::shift_left) return vpslld(to, from, lane.immediate);
      return vpsrld(to, from, lane.immediate);
    }
    const Source from = to_operand(lane.operands[0], copy);
    const Ymm to = result_register(number, copy);
    if (lane.op == LaneOp::sqrt) return vsqrtps(to, as_operand(from));
    if (lane.op == LaneOp::round) return vroundps(to, as_operand(from), lane.immediate);
    vcvtdq2ps(to, as_operand(from));
  }

  static bool is_commutative(LaneOp op) {
    return op == LaneOp::add || op == LaneOp::mul || op == LaneOp::bit_and ||
           op == LaneOp::bit_or || op == LaneOp::bit_xor || op == LaneOp::compare;
  }

  void binary(int number, int copy) {
    const Lane& lane = layout_.lane(number);
    int first = lane.operands[0], second = lane.operands[1];
    std::uint8_t predicate = lane.immediate;
    if (is_commutative(lane.op) && !in_register(first, copy) && in_register(second, copy)) {
      std::swap(first, second);
      predicate = mirrored(predicate);
    }
    const Ymm a = to_register(first, copy);
    const Source source = to_operand(second, copy);
    const Operand& b = as_operand(source);
    const Ymm to = result_register(number, copy);
    switch (lane.op) {
      case LaneOp::add:
        return vaddps(to, a, b);
      case LaneOp::sub:
        return vsubps(to, a, b);
      case LaneOp::mul:
        return vmulps(to, a, b);
      case LaneOp::div:
        return vdivps(to, a, b);
      case LaneOp::maximum:
        return vmaxps(to, a, b);
      case LaneOp::minimum:
        return vminps(to, a, b);
      case LaneOp::compare:
        return vcmpps(to, a, b, predicate);
      case LaneOp::bit_and:
        return vandps(to, a, b);
      case LaneOp::bit_and_not:
        return vandnps(to, a, b);
      case LaneOp::bit_or:
        return vorps(to, a, b);
      case LaneOp::bit_xor:
        return vxorps(to, a, b);
      case LaneOp::integer_sub:
        return vpsubd(to, a, b);
      default:
        return vpcmpgtd(to, a, b);
    }
  }

  /// x86's fused operations overwrite one of their operands; the last may be in memory.
  void fused(int number, int copy) {
    const Lane& lane = layout_.lane(number);
    int a = lane.operands[0], b = lane.operands[1];
    const int c = lane.operands[2];
    const auto spent = [&](int operand) {
      return place(operand, copy).reg >= 0 && dies(operand, copy);
    };
    if (spent(c) && c != a && c != b) {
      if (!in_register(a, copy) && in_register(b, copy)) std::swap(a, b);
      const Ymm to = to_register(c, copy), x = to_register(a, copy);
      const Source y = to_operand(b, copy);
      rename(c, number, copy);
      return multiply_231(lane.op, to, x, as_operand(y));
    }
    if (!spent(a) && spent(b)) std::swap(a, b);
    if (!spent(a) && !in_register(a, copy) && in_register(b, copy)) std::swap(a, b);
    // Now a is overwritten, or copied first.
    const bool overwrites = spent(a) && a != b && a != c;
    Ymm to(0);
    if (overwrites) {
      to = to_register(a, copy);
    } else {
      const Source from = to_operand(a, copy);
      to = Ymm(take());
      vmovups(to, as_operand(from));
    }
    const bool b_in_memory = !in_register(b, copy) && in_register(c, copy);
    const Source x = b_in_memory ? to_operand(b, copy) : registered(b, copy);
    const Source z = b_in_memory ? registered(c, copy) : to_operand(c, copy);
    if (overwrites) {
      rename(a, number, copy);
    } else {
      own(number, copy, to.getIdx());
    }
    if (x.is_register) return multiply_213(lane.op, to, x.reg, as_operand(z));
    multiply_132(lane.op, to, z.reg, as_operand(x));
  }

  void rename(int from, int to, int copy) {
    const int reg = place(from, copy).reg;
    place(from, copy).reg = -1;
    own(to, copy, reg);
  }

  void multiply_231(LaneOp op, const Ymm& to, const Ymm& a, const Operand& b) {
    if (op == LaneOp::mul_add) return vfmadd231ps(to, a, b);
    if (op == LaneOp::mul_sub) return vfmsub231ps(to, a, b);
    vfnmadd231ps(to, a, b);
  }
  void multiply_213(LaneOp op, const Ymm& to, const Ymm& a, const Operand& b) {
    if (op == LaneOp::mul_add) return vfmadd213ps(to, a, b);
    if (op == LaneOp::mul_sub) return vfmsub213ps(to, a, b);
    vfnmadd213ps(to, a, b);
  }
  void multiply_132(LaneOp op, const Ymm& to, const Ymm& a, const Operand& b) {
    if (op == LaneOp::mul_add) return vfmadd132ps(to, a, b);
    if (op == LaneOp::mul_sub) return vfmsub132ps(to, a, b);
    vfnmadd132ps(to, a, b);
  }

  // Parts of the loop.

  /// Lanes that change once per run or once per row, to where the body finds them.
  void compute(LaneLevel level) {
    scope_ = level;
    masked_ = false;
    emitted_copies_ = 1;
    forget_registers();
    for (std::size_t i = 0; i < program_.lanes.size(); ++i) {
      const int number = static_cast<int>(i);
      const Lane& lane = program_.lanes[i];
      const int pin = layout_.pinned(number);
      if (lane.level != level) {
        // Pinned constants are loaded where the run begins.
        if (level == LaneLevel::run && lane.level == LaneLevel::constant && pin >= 0) {
          vmovups(Ymm(pin), home(number));
        }
        continue;
      }
      position_ = Layout::operation_at(number);
      if (lane.op == LaneOp::scalar) {
        if (pin >= 0) vmovups(Ymm(pin), home(number));
        continue;
      }
      locked_ = 0;
      if (lane.op == LaneOp::column) {
        const int reg = take();
        load(number, 0, reg);
        own(number, 0, reg);
      } else {
        operate(number, 0);
      }
      const Ymm result(place(number, 0).reg);
      vmovaps(slot(number, 0), result);
      place(number, 0).in_slot = true;
      if (pin >= 0) vmovaps(Ymm(pin), result);
    }
  }

  void body(int copies, bool masked) {
    scope_ = LaneLevel::element;
    masked_ = masked;
    emitted_copies_ = copies;
    forget_registers();
    for (std::size_t i = 0; i < program_.lanes.size(); ++i) {
      const int number = static_cast<int>(i);
      const Lane& lane = program_.lanes[i];
      position_ = Layout::operation_at(number);
      if (lane.level == LaneLevel::element && !Layout::is_load(lane)) {
        for (int copy = 0; copy < copies; ++copy) operate(number, copy);
      }
      position_ = Layout::store_at(number);
      for (int copy = 0; copy < copies; ++copy) store_results(number, copy);
    }
  }

  /// Those results whose time has come. Inputs among them are loaded first: a store may be to one.
  void store_results(int number, int copy) {
    const auto is_due = [&](std::size_t output) { return layout_.stored_after(output) == number; };
    for (std::size_t output = 0; output < program_.results.size(); ++output) {
      const int lane = program_.results[output];
      if (is_due(output) && Layout::is_load(layout_.lane(lane))) to_register(lane, copy);
      locked_ = 0;
    }
    for (std::size_t output = 0; output < program_.results.size(); ++output) {
      if (is_due(output)) store(output, copy);
      locked_ = 0;
    }
    for (std::size_t output = 0; output < program_.results.size(); ++output) {
      if (is_due(output)) release(program_.results[output], copy);
    }
  }

  /// Whole vectors, `copies` at a time.
  void vectors(int copies) {
    Xbyak::Label loop, done;
    const int step = copies * static_cast<int>(kVectorLanes);
    lea(rdx, ptr[rax + step]);
    cmp(rdx, rcx);
    ja(done, T_NEAR);
    align(32);
    L(loop);
    body(copies, false);
    add(rax, step);
    lea(rdx, ptr[rax + step]);
    cmp(rdx, rcx);
    jbe(loop, T_NEAR);
    L(done);
  }

  void tail() {
    Xbyak::Label done;
    cmp(rax, rcx);
    jae(done, T_NEAR);
    body(1, true);
    L(done);
  }

  void begin() {
    push(rbp);
    mov(rbp, rsp);
    for (const Reg64& reg : saved()) push(reg);
    sub(rsp, static_cast<std::uint32_t>(frame_bytes_));
    and_(rsp, -kVectorBytes);
    mov(rcx, ptr[rdi + offsetof(LoopCall, columns)]);
    mov(rsi, ptr[rdi + offsetof(LoopCall, scalars)]);
    mov(rax, ptr[rdi + offsetof(LoopCall, rows)]);
    mov(ptr[rsp + kRowsAt], rax);
    // The mask of the tail: columns % 8 lanes of ones, out of eight of ones and eight of zeros.
    mov(eax, ecx);
    and_(eax, 7);
    neg(rax);
    lea(rdx, ptr[rip + data_]);
    vmovups(ymm0, ptr[rdx + rax * 4 + kVectorBytes]);
    vmovaps(ptr[rsp + kMaskAt], ymm0);
    mov(rdx, ptr[rdi + offsetof(LoopCall, arrays)]);
    for (std::size_t array = 0; array < program_.arrays.size(); ++array) {
      if (array < 8) {
        mov(Reg64(8 + static_cast<int>(array)), ptr[rdx + 8 * array]);
      } else {
        mov(rax, ptr[rdx + 8 * array]);
        mov(ptr[rsp + (kPointersAt + 8 * array)], rax);
      }
    }
  }

  void step_rows() {
    Xbyak::Label done;
    dec(qword[rsp + kRowsAt]);
    jz(done, T_NEAR);
    mov(rdx, ptr[rdi + offsetof(LoopCall, row_steps)]);
    for (std::size_t array = 0; array < program_.arrays.size(); ++array) {
      if (array < 8) {
        add(Reg64(8 + static_cast<int>(array)), ptr[rdx + 8 * array]);
      } else {
        mov(rax, ptr[rdx + 8 * array]);
        add(ptr[rsp + (kPointersAt + 8 * array)], rax);
      }
    }
    jmp(next_row_, T_NEAR);
    L(done);
  }

  void end() {
    if (streaming_) sfence();
    const std::vector<Reg64> registers = saved();
    lea(rsp, ptr[rbp - 8 * static_cast<int>(registers.size())]);
    for (auto reg = registers.rbegin(); reg != registers.rend(); ++reg) pop(*reg);
    pop(rbp);
    vzeroupper();
    ret();
  }

  std::vector<Reg64> saved() const {
    std::vector<Reg64> registers = {rbx};
    for (int k = 12; k < 8 + static_cast<int>(std::min<std::size_t>(program_.arrays.size(), 8));
         ++k) {
      registers.push_back(Reg64(k));
    }
    return registers;
  }

  void data() {
    align(kVectorBytes);
    L(data_);
    for (int i = 0; i < 16; ++i) dd(i < 8 ? 0xffffffffu : 0u);
    for (const std::uint32_t bits : constants_) {
      for (int i = 0; i < 8; ++i) dd(bits);
    }
  }

  Xbyak::Label next_row_;
};

}  // namespace

bool has_generator() { return true; }

std::vector<std::uint8_t> generate_loop(const LaneProgram& program, bool streaming) {
  // Aligned like the pages that the code will be copied to.
  struct alignas(64) Line {
    std::uint8_t bytes[64];
  };
  const std::unique_ptr<Line[]> buffer(new Line[kMaxCodeBytes / sizeof(Line)]);
  try {
    Generator generator(program, streaming, buffer.get());
    if (!generator.make()) return {};
    return {generator.getCode(), generator.getCode() + generator.getSize()};
  } catch (const Xbyak::Error&) {
    return {};  // larger than the buffer
  }
}

}  // namespace tegula::kernels::detail

#else

namespace tegula::kernels::detail {

bool has_generator() { return false; }

std::vector<std::uint8_t> generate_loop(const LaneProgram&, bool) { return {}; }

}  // namespace tegula::kernels::detail

#endif
