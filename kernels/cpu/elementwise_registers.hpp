#pragma once
// Where the lanes of a generated loop are: in which registers, slots of the frame and arrays, and
// the code that moves them between these. Only for elementwise_generator.cpp.

#include <xbyak/xbyak.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cpu/elementwise_lanes.hpp"
#include "kernels/cpu/elementwise_layout.hpp"

namespace tegula::kernels::detail {

/// Registers: rdi the call, rsi the scalars, rcx the columns, rax the current column, rdx and rbx
/// scratch, r8 to r15 the first arrays. Frame: the tail's mask, the rows that are left, pointers of
/// the other arrays, then a slot for each lane that may need one.
class LaneRegisters : public Xbyak::CodeGenerator {
 protected:
  using Address = Xbyak::Address;
  using Operand = Xbyak::Operand;
  using Reg64 = Xbyak::Reg64;
  using Xmm = Xbyak::Xmm;
  using Ymm = Xbyak::Ymm;

  static constexpr int kVectorBytes = 32;
  static constexpr std::int64_t kVectorLanes = 8;
  static constexpr std::size_t kMaskAt = 0, kRowsAt = 32, kPointersAt = 40;
  static constexpr std::size_t kMaskTableBytes = 64;
  static constexpr int kFree = -1, kPinned = -2;

  /// Lanes of one vector of the loop's body ("copies" of a lane: one for each vector in flight).
  struct Place {
    int reg = -1;
    bool in_slot = false;
  };

  /// Writes to `buffer`, which holds `bytes`.
  LaneRegisters(const LaneProgram& program, bool streaming, void* buffer, std::size_t bytes)
      : CodeGenerator(bytes, buffer),
        program_(program),
        layout_(program),
        streaming_(streaming),
        places_(program.lanes.size() * static_cast<std::size_t>(layout_.copies())),
        constants_at_(program.lanes.size(), 0) {
    const std::size_t pointers = (kPointersAt + 8 * program.arrays.size() + 31) / 32 * 32;
    slots_at_ = pointers;
    frame_bytes_ = slots_at_ + places_.size() * kVectorBytes;
  }

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
  Xbyak::Label data_;
};

}  // namespace tegula::kernels::detail
