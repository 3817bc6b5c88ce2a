// Arithmetic and comparisons of 32- and 64-bit integers, which the elementwise kernels, computing in
// floating point, leave out: counters and class indices.

#include <functional>
#include <string>
#include <type_traits>

#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

struct WrappingAdd {
  template <typename T>
  T operator()(T a, T b) const {
    using U = std::make_unsigned_t<T>;  // overflow wraps instead of being undefined
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  }
};
struct WrappingSub {
  template <typename T>
  T operator()(T a, T b) const {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
  }
};
struct WrappingMul {
  template <typename T>
  T operator()(T a, T b) const {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
  }
};

/// `a` and `b` advance by one element, or by none when they are scalars.
template <typename T, typename Function>
class IntegerKernel final : public Kernel {
 public:
  using Result = std::invoke_result_t<Function, T, T>;

  explicit IntegerKernel(const Node& node)
      : text_("integer " + node.op().name + " " + node.outputs()[0].to_string()),
        count_(node.outputs()[0].shape.element_count()),
        step_a_(node.input(0).shape() == node.outputs()[0].shape ? 1 : 0),
        step_b_(node.input(1).shape() == node.outputs()[0].shape ? 1 : 0) {}

  void run(const KernelArguments& arguments) const override {
    const T* a = static_cast<const T*>(arguments.inputs[0]);
    const T* b = static_cast<const T*>(arguments.inputs[1]);
    Result* result = static_cast<Result*>(arguments.outputs[0]);
    if (result == nullptr) return;
    for (std::int64_t i = 0; i < count_; ++i) {
      result[i] = Function()(a[i * step_a_], b[i * step_b_]);
    }
  }
  std::string description() const override { return text_; }
  std::vector<InPlace> in_place() const override {
    std::vector<InPlace> pairs;
    if (sizeof(Result) != sizeof(T)) return pairs;
    if (step_a_ == 1) pairs.push_back({0, 0});
    if (step_b_ == 1) pairs.push_back({1, 0});
    return pairs;
  }

 private:
  std::string text_;
  std::int64_t count_;
  std::int64_t step_a_;
  std::int64_t step_b_;
};

template <typename Function>
KernelPointer lower_as(const Node& node) {
  const ValueType& result = node.outputs()[0];
  for (const Value& input : node.inputs()) {
    const bool scalar = input.shape().rank() == 0;
    if (!scalar && !(input.shape() == result.shape)) return nullptr;
  }
  switch (node.input(0).dtype()) {
    case DType::i32:
      return std::make_unique<IntegerKernel<std::int32_t, Function>>(node);
    case DType::i64:
      return std::make_unique<IntegerKernel<std::int64_t, Function>>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {
    {"add", lower_as<WrappingAdd>},
    {"sub", lower_as<WrappingSub>},
    {"mul", lower_as<WrappingMul>},
    {"equal", lower_as<std::equal_to<>>},
    {"not_equal", lower_as<std::not_equal_to<>>},
    {"less", lower_as<std::less<>>},
    {"less_equal", lower_as<std::less_equal<>>},
    {"greater", lower_as<std::greater<>>},
    {"greater_equal", lower_as<std::greater_equal<>>},
};

}  // namespace

std::span<const Lowering> integer_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
