#pragma once
// Constructors for families of ops, and helpers that their definitions share. Private to src/ops.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tegula/graph/op_def.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::ops {

/// Dtypes that an op accepts.
enum class Accepts {
  floating,   ///< f32, f64
  numbers,    ///< f32, f64 and all integers
  integers,   ///< all integers
  boolean,    ///< bool
  everything  ///< also f16 and bf16: ops that only move elements
};

/// Throws DTypeError naming the dtype and what is accepted; 16-bit floats get the advice to cast.
void check_dtype(DType dtype, Accepts accepts);
/// Throws DTypeError unless all inputs have one dtype.
void check_same_dtype(const InferContext& context);
/// Throws DTypeError for what is neither i32 nor i64.
void check_indices(DType dtype);
/// Broadcast shape of all inputs.
Shape broadcast_of(const InferContext& context);

/// Short forms of attribute access.
inline std::int64_t integer(const Attrs& attrs, std::string_view name) {
  return attrs.get<std::int64_t>(name);
}
inline double number(const Attrs& attrs, std::string_view name) { return attrs.get<double>(name); }
inline bool flag(const Attrs& attrs, std::string_view name) { return attrs.get<bool>(name); }
inline const std::vector<std::int64_t>& integers(const Attrs& attrs, std::string_view name) {
  return attrs.get<std::vector<std::int64_t>>(name);
}

/// `gradient` summed to `like`'s shape when broadcasting enlarged it.
Value unbroadcast(Value gradient, Value like);

/// 0 in every element of a value of x's dtype and shape.
Value zeros_like(Value x);

/// `product`, which is `gradient` times a derivative, where the gradient is not 0, and 0 where it
/// is. Every op whose derivative is infinite or NaN at some finite input ends its rule with this
/// (sqrt at 0, say): what a `where` did not choose adds 0 to the gradient, not NaN.
Value where_flows(Value gradient, Value product);

/// Elementwise functions in double precision; integers go through std::int64_t where `on_integers`
/// is given, else through double.
using UnaryFunction = double (*)(double x, const Attrs& attrs);
using BinaryFunction = double (*)(double a, double b);
using IntegerUnaryFunction = std::int64_t (*)(std::int64_t x);
using IntegerBinaryFunction = std::int64_t (*)(std::int64_t a, std::int64_t b);

/// Exact value of an integer or bool element.
std::int64_t integer_at(const Tensor& tensor, std::int64_t index);
/// Stores modulo the range of the tensor's integer dtype, as NumPy does.
void set_integer(Tensor& tensor, std::int64_t index, std::int64_t value);

struct UnaryOp {
  const char* name;
  const char* doc;
  UnaryFunction evaluate;
  /// dy times the derivative; null: no gradient flows (floor) or the op is not differentiable.
  Value (*gradient)(Value x, Value y, Value dy, const Attrs& attrs) = nullptr;
  Accepts accepts = Accepts::floating;
  double low = -2;
  double high = 2;
  std::vector<AttrDef> attrs = {};
  double flops = 1;
  IntegerUnaryFunction on_integers = nullptr;
  /// A fixed result dtype (comparisons); otherwise the input's.
  bool boolean_result = false;
  /// `opaque` for a function that the fused loops do not know.
  FusionClass fusion = FusionClass::elementwise;
};
void unary(OpRegistry& registry, const UnaryOp& op);

struct BinaryOp {
  const char* name;
  const char* doc;
  BinaryFunction evaluate;
  IntegerBinaryFunction on_integers = nullptr;
  /// Gradients of a and b before they are summed to the inputs' shapes; null: not differentiable.
  std::vector<Value> (*gradient)(Value a, Value b, Value y, Value dy) = nullptr;
  Accepts accepts = Accepts::numbers;
  bool commutative = false;
  bool boolean_result = false;
  double low_a = -2, high_a = 2;
  double low_b = -2, high_b = 2;
  /// `opaque` for a function that the fused loops do not know.
  FusionClass fusion = FusionClass::elementwise;
};
void binary(OpRegistry& registry, const BinaryOp& op);

/// Walks the elements of `shape` in row-major order and gives, for each, the row-major offset into
/// an operand that broadcasts to it.
class BroadcastIndex {
 public:
  BroadcastIndex(const Shape& operand, const Shape& shape);
  std::int64_t operator()(std::int64_t position) const;

 private:
  Shape shape_;
  std::int64_t strides_[Shape::kMaxRank] = {};
};

/// Row-major strides of a shape, in elements.
std::vector<std::int64_t> strides_of(const Shape& shape);

/// Several shapes of one sample kind: the usual ones for elementwise ops.
std::vector<Sample> elementwise_samples(std::vector<SampleInput> prototypes,
                                        const Attrs& attrs = {});

/// Copies element `from` of `source` to element `to` of `target`; same dtype.
void copy_element(const Tensor& source, std::int64_t from, Tensor& target, std::int64_t to);

/// Cost of an op that does `flops` operations per output element.
std::function<Cost(std::span<const ValueType>, std::span<const ValueType>, const Attrs&)>
flops_per_output(double flops);
/// Bytes of all operands.
double operand_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs);

void register_arithmetic(OpRegistry& registry);
void register_division(OpRegistry& registry);
void register_activation(OpRegistry& registry);
void register_logic(OpRegistry& registry);
void register_reduce(OpRegistry& registry);
void register_matmul(OpRegistry& registry);
void register_convolution(OpRegistry& registry);
void register_pooling(OpRegistry& registry);
void register_linear_algebra(OpRegistry& registry);
void register_softmax(OpRegistry& registry);
void register_shape(OpRegistry& registry);
void register_movement(OpRegistry& registry);
void register_joining(OpRegistry& registry);
void register_indexing(OpRegistry& registry);
void register_resample(OpRegistry& registry);
void register_random(OpRegistry& registry);
void register_state(OpRegistry& registry);
void register_fused(OpRegistry& registry);
void register_row_cluster(OpRegistry& registry);

}  // namespace tegula::ops
