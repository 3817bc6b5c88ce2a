#include "kernels/cpu/elementwise_generator.hpp"

#if defined(TEGULA_WITH_XBYAK) && defined(__x86_64__) && !defined(_WIN32)

#include <xbyak/xbyak.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <memory>

#include "kernels/cpu/elementwise_jit.hpp"
#include "kernels/cpu/elementwise_layout.hpp"

namespace tegula::kernels::detail {

namespace {

using Xbyak::Address;
using Xbyak::Operand;
using Xbyak::Reg64;
using Xbyak::Xmm;
using Xbyak::Ymm;

constexpr int kVectorBytes = 32;
constexpr std::int64_t kVectorLanes = 8;
constexpr std::size_t kMaxCodeBytes = 64 * 1024;
constexpr std::size_t kMaxFrameBytes = 64 * 1024;

/// Lanes of one vector of the loop's body ("copies" of a lane: one for each vector in flight).
struct Place {
  int reg = -1;
  bool in_slot = false;
};

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

/// Registers: rdi the call, rsi the scalars, rcx the columns, rax the current column, rdx and rbx
/// scratch, r8 to r15 the first arrays. Frame: the tail's mask, the rows that are left, pointers of
/// the other arrays, then a slot for each lane that may need one.
class Generator : public Xbyak::CodeGenerator {
 public:
  /// Writes to `buffer`, which holds kMaxCodeBytes.
  Generator(const LaneProgram& program, bool streaming, void* buffer)
      : CodeGenerator(kMaxCodeBytes, buffer),
        program_(program),
        layout_(program),
        streaming_(streaming),
        places_(program.lanes.size() * static_cast<std::size_t>(layout_.copies())),
        constants_at_(program.lanes.size(), 0) {
    const std::size_t pointers = (kPointersAt + 8 * program.arrays.size() + 31) / 32 * 32;
    slots_at_ = pointers;
    frame_bytes_ = slots_at_ + places_.size() * kVectorBytes;
  }

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
  static constexpr std::size_t kMaskAt = 0, kRowsAt = 32, kPointersAt = 40;

  // Addresses.

  Reg64 pointer(std::size_t array, const Reg64& scratch) {
    if (array < 8) return Reg64(8 + static_cast<int>(array));
    mov(scratch, ptr[rsp + (kPointersAt + 8 * array)]);
    return scratch;
  }
  Address element(std::size_t array, int copy) {
    const Reg64 base = pointer(array, rdx);
    if (program_.arrays[array].is_bool) return ptr[base + rax + kVectorLanes * copy];
    return ptr[base + rax * 4 + kVectorBytes * copy];
  }
  std::size_t place_index(int lane, int copy) const {
    return static_cast<std::size_t>(lane) * static_cast<std::size_t>(layout_.copies()) +
           static_cast<std::size_t>(copy);
  }
  Address slot(int lane, int copy) {
    return ptr[rsp + (slots_at_ + place_index(lane, copy) * kVectorBytes)];
  }
  /// Where a lane of a level below the current one lies in memory.
  Address home(int lane) {
    const Lane& source = layout_.lane(lane);
    if (source.op == LaneOp::constant) {
      return ptr[rip + data_ + static_cast<int>(kMaskTableBytes) + constant_offset(lane)];
    }
    if (source.op == LaneOp::scalar) {
      return ptr[rsi + source.bits * kScalarWidth * sizeof(float)];
    }
    return slot(lane, 0);
  }
  int constant_offset(int lane) {
    int& at = constants_at_[static_cast<std::size_t>(lane)];
    if (at == 0) {
      constants_.push_back(layout_.lane(lane).bits);
      at = static_cast<int>(constants_.size());
    }
    return (at - 1) * kVectorBytes;
  }

  // Registers.

  bool in_scope(int lane) const { return layout_.lane(lane).level == scope_; }
  /// Lanes of lower levels are the same for all copies.
  Place& place(int lane, int copy) { return places_[place_index(lane, in_scope(lane) ? copy : 0)]; }

  void forget_registers() {
    owners_.fill(kFree);
    for (Place& p : places_) p = Place();
    for (std::size_t lane = 0; lane < program_.lanes.size(); ++lane) {
      const int reg = layout_.pinned(static_cast<int>(lane));
      if (reg >= 0) owners_[static_cast<std::size_t>(reg)] = kPinned;
    }
  }

  void lock(int reg) { locked_ |= 1u << reg; }
  bool is_locked(int reg) const { return (locked_ >> reg & 1) != 0; }

  int take() {
    int best = -1, farthest = -1;
    for (int reg = 0; reg < kRegisters; ++reg) {
      const int owner = owners_[static_cast<std::size_t>(reg)];
      if (owner == kPinned || is_locked(reg)) continue;
      if (owner == kFree) {
        best = reg;
        break;
      }
      const int next = layout_.next_use(owner / layout_.copies(), position_);
      if (next > farthest) {
        farthest = next;
        best = reg;
      }
    }
    if (owners_[static_cast<std::size_t>(best)] != kFree) evict(best);
    lock(best);
    return best;
  }

  void evict(int reg) {
    const int owner = owners_[static_cast<std::size_t>(reg)];
    const int lane = owner / layout_.copies(), copy = owner % layout_.copies();
    Place& p = places_[static_cast<std::size_t>(owner)];
    owners_[static_cast<std::size_t>(reg)] = kFree;
    p.reg = -1;
    const bool in_array = Layout::is_load(layout_.lane(lane)) && layout_.may_load(position_);
    const bool elsewhere = !in_scope(lane) || p.in_slot || in_array;
    if (elsewhere || layout_.next_use(lane, position_) == kNever) return;
    vmovaps(slot(lane, copy), Ymm(reg));
    p.in_slot = true;
  }

  void own(int lane, int copy, int reg) {
    owners_[static_cast<std::size_t>(reg)] =
        static_cast<int>(place_index(lane, in_scope(lane) ? copy : 0));
    place(lane, copy).reg = reg;
  }

  /// Whether the lane's register is free to be overwritten by the current operation.
  bool dies(int lane, int copy) const {
    if (layout_.pinned(lane) >= 0 || layout_.last_use(lane) > position_) return false;
    return in_scope(lane) || copy == emitted_copies_ - 1;
  }

  void release(int lane, int copy) {
    Place& p = place(lane, copy);
    if (p.reg < 0 || !dies(lane, copy)) return;
    owners_[static_cast<std::size_t>(p.reg)] = kFree;
    p.reg = -1;
  }

  bool in_register(int lane, int copy) {
    return layout_.pinned(lane) >= 0 || place(lane, copy).reg >= 0;
  }

  Ymm to_register(int lane, int copy) {
    if (const int pin = layout_.pinned(lane); pin >= 0 && !in_scope(lane)) return Ymm(pin);
    Place& p = place(lane, copy);
    if (p.reg < 0) {
      const int reg = take();
      if (!in_scope(lane)) {
        vmovups(Ymm(reg), home(lane));
      } else if (p.in_slot) {
        vmovups(Ymm(reg), slot(lane, copy));
      } else {
        load(lane, copy, reg);
      }
      own(lane, copy, reg);
    }
    lock(p.reg);
    return Ymm(p.reg);
  }

  /// A register, or memory where that saves an instruction: the last operand to be fetched, as its
  /// address may use a scratch register.
  struct Source {
    bool is_register;
    Ymm reg;
    Address address;
  };
  Source to_operand(int lane, int copy) {
    const auto memory = [](const Address& address) { return Source{false, Ymm(0), address}; };
    if (!in_register(lane, copy)) {
      if (!in_scope(lane)) {
        // Shared by the copies: worth a register when there are several.
        if (emitted_copies_ == 1 || layout_.last_use(lane) == position_) return memory(home(lane));
      } else if (place(lane, copy).in_slot) {
        return memory(slot(lane, copy));
      } else if (layout_.lane(lane).op == LaneOp::load && !masked_ &&
                 layout_.last_use(lane) <= position_) {
        return memory(element(layout_.lane(lane).bits, copy));
      }
    }
    return registered(lane, copy);
  }
  Source registered(int lane, int copy) { return {true, to_register(lane, copy), ptr[rsp]}; }

  // Loads and stores.

  void load(int lane, int copy, int reg) {
    const Lane& source = layout_.lane(lane);
    const std::size_t array = source.bits;
    if (source.op == LaneOp::scalar) {
      vmovups(Ymm(reg), home(lane));
    } else if (source.op == LaneOp::column) {
      vbroadcastss(Ymm(reg), ptr[pointer(array, rdx)]);
    } else if (source.op == LaneOp::load_bool) {
      if (masked_) {
        tail_bytes(array);
        vmovq(Xmm(reg), rbx);
        vpmovzxbd(Ymm(reg), Xmm(reg));
      } else {
        vpmovzxbd(Ymm(reg), element(array, copy));
      }
      vcvtdq2ps(Ymm(reg), Ymm(reg));
    } else if (masked_) {
      vmovaps(Ymm(reg), ptr[rsp + kMaskAt]);
      vmaskmovps(Ymm(reg), Ymm(reg), element(array, copy));
    } else {
      vmovups(Ymm(reg), element(array, copy));
    }
  }

  /// The last columns % 8 bytes of a row into rbx.
  void tail_bytes(std::size_t array) {
    Xbyak::Label no_byte, no_word, no_double;
    const auto at = [&](int mask) {
      mov(edx, ecx);
      and_(edx, mask);
      add(rdx, rax);
      // The pointer of an array beyond the registers is added from memory.
      if (array < 8) {
        add(rdx, pointer(array, rdx));
      } else {
        add(rdx, ptr[rsp + (kPointersAt + 8 * array)]);
      }
    };
    xor_(ebx, ebx);
    test(cl, 1);
    jz(no_byte);
    at(6);
    movzx(ebx, byte[rdx]);
    L(no_byte);
    test(cl, 2);
    jz(no_word);
    at(4);
    movzx(edx, word[rdx]);
    shl(rbx, 16);
    or_(rbx, rdx);
    L(no_word);
    test(cl, 4);
    jz(no_double);
    at(0);
    mov(edx, dword[rdx]);
    shl(rbx, 32);
    or_(rbx, rdx);
    L(no_double);
  }

  void store(std::size_t output, int copy) {
    const int lane = program_.results[output];
    const std::size_t array = program_.first_output() + output;
    const Ymm value = to_register(lane, copy);
    if (program_.arrays[array].is_bool) {
      store_bool(array, copy, value);
    } else if (masked_) {
      store_tail(array, value);
    } else if (streaming_) {
      vmovntps(element(array, copy), value);
    } else {
      vmovups(element(array, copy), value);
    }
  }

  /// The bits of the tail's length say which halves are stored: cheaper than a masked store.
  void store_tail(std::size_t array, const Ymm& value) {
    const int reg = take();
    const Xmm part(reg);
    Xbyak::Label no_half, no_pair, no_single;
    lea(rdx, element(array, 0));
    vmovaps(part, Xmm(value.getIdx()));
    test(cl, 4);
    jz(no_half);
    vmovups(ptr[rdx], part);
    vextractf128(part, value, 1);
    add(rdx, 16);
    L(no_half);
    test(cl, 2);
    jz(no_pair);
    vmovlps(ptr[rdx], part);
    vmovhlps(part, part, part);
    add(rdx, 8);
    L(no_pair);
    test(cl, 1);
    jz(no_single);
    vmovss(ptr[rdx], part);
    L(no_single);
  }

  void store_bool(std::size_t array, int copy, const Ymm& value) {
    const Ymm mask(take());
    const Xmm low(mask.getIdx()), high(take());
    vxorps(mask, mask, mask);
    vcmpps(mask, value, mask, 4);
    vextracti128(high, mask, 1);
    vpackssdw(low, low, high);
    vpacksswb(low, low, low);
    vpabsb(low, low);
    if (!masked_) {
      vmovq(element(array, copy), low);
      return;
    }
    Xbyak::Label no_double, no_word, no_byte;
    lea(rdx, element(array, 0));
    vmovq(rbx, low);
    test(cl, 4);
    jz(no_double);
    mov(dword[rdx], ebx);
    shr(rbx, 32);
    add(rdx, 4);
    L(no_double);
    test(cl, 2);
    jz(no_word);
    mov(word[rdx], bx);
    shr(rbx, 16);
    add(rdx, 2);
    L(no_word);
    test(cl, 1);
    jz(no_byte);
    mov(byte[rdx], bl);
    L(no_byte);
  }

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
           op == LaneOp::bit_or || op == LaneOp::bit_xor || op == LaneOp::integer_add ||
           op == LaneOp::compare;
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
      case LaneOp::integer_add:
        return vpaddd(to, a, b);
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

  static constexpr std::size_t kMaskTableBytes = 64;
  static constexpr int kFree = -1, kPinned = -2;

  const LaneProgram& program_;
  const Layout layout_;
  const bool streaming_;
  std::vector<Place> places_;
  std::vector<int> constants_at_;  ///< per lane: 1 + number of its constant; 0 for none yet
  std::vector<std::uint32_t> constants_;
  std::array<int, kRegisters> owners_{};  ///< place of the lane that a register holds
  unsigned locked_ = 0;                   ///< registers that the current operation needs
  LaneLevel scope_ = LaneLevel::run;
  bool masked_ = false;
  int emitted_copies_ = 1, position_ = 0;
  std::size_t slots_at_ = 0, frame_bytes_ = 0;
  Xbyak::Label data_, next_row_;
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
