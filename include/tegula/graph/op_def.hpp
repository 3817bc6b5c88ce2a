#pragma once
// What the library knows about an op, and the table of all ops.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/random.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/graph/attrs.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

/// How an op may be combined with its neighbours.
enum class FusionClass : std::uint8_t {
  source,       ///< no inputs: placeholder, constant, variable, random numbers
  elementwise,  ///< output element i needs element i of each (broadcast) input
  reduction,    ///< combines elements along axes
  contraction,  ///< matrix product
  movement,     ///< copies elements, computes none
  opaque,       ///< anything else
};

struct InputDef {
  std::string name;
  std::string doc;
};

struct AttrDef {
  std::string name;
  /// Fixes the attribute's type; the default when `required` is false.
  AttrValue value;
  bool required = false;
  std::string doc;
};

/// Input types and attributes of a node that is about to be built.
struct InferContext {
  std::span<const ValueType> inputs;
  const Attrs& attrs;

  DType dtype(int input) const { return inputs[static_cast<std::size_t>(input)].dtype; }
  const Shape& shape(int input) const { return inputs[static_cast<std::size_t>(input)].shape; }
};

struct GradientContext {
  Node& node;
  /// One per output; no value where nothing depends on that output.
  std::span<const Value> output_gradients;

  Value input(int index) const { return node.input(index); }
  Value output(int index = 0) const { return node.output(index); }
  Value gradient(int index = 0) const { return output_gradients[static_cast<std::size_t>(index)]; }
  const Attrs& attrs() const { return node.attrs(); }
};

/// Host tensors and concrete output types for the reference evaluation.
struct EvaluateContext {
  std::span<const Tensor> inputs;
  const Attrs& attrs;
  std::span<const ValueType> outputs;
  /// Seed and step of the run; the op's own id comes from its attributes (`random_key`).
  RandomKey key;

  const Tensor& input(int index) const { return inputs[static_cast<std::size_t>(index)]; }
};

/// Work of one node with known shapes.
struct Cost {
  double flops = 0;
  double bytes = 0;  ///< read plus written, each operand counted once
};

/// An input for conformance tests: elements uniform in [low, high] (integers and bools likewise).
struct SampleInput {
  DType dtype = DType::f32;
  Shape shape;
  double low = -2;
  double high = 2;
};

/// One application of an op that must work (or, in `bad_samples`, must be refused).
struct Sample {
  std::vector<SampleInput> inputs;
  Attrs attrs;
  /// For bad samples: a part of the error's text.
  std::string error;
};

/// Everything there is to know about an op. Defined once, in `src/ops/<family>.cpp`.
struct OpDef {
  std::string name;
  std::string doc;
  std::vector<InputDef> inputs;
  /// The last input may be repeated (once or more).
  bool variadic = false;
  std::vector<AttrDef> attrs;
  FusionClass fusion = FusionClass::opaque;
  /// Of a reduction: it needs all elements at once, results of parts do not make that of the whole.
  bool indivisible = false;
  /// op(a, b) == op(b, a): equal nodes are found in either order.
  bool commutative = false;
  /// Its result depends on the run's random step: never folded or merged with an equal node.
  bool random = false;
  /// Changes the session's state: kept although nobody reads its result.
  bool stateful = false;

  /// Output types from input types. Pure. Throws ShapeError or DTypeError that says what is wrong;
  /// the builder adds op, node, shapes and line.
  std::function<std::vector<ValueType>(const InferContext&)> infer;
  /// One value per input (no value: zero gradient). Empty: not differentiable.
  std::function<std::vector<Value>(const GradientContext&)> gradient;
  /// Of an op with functions for attributes: the types of the parameters of the one that the
  /// attribute `name` holds, for a node with these inputs. Throws as `infer` does.
  std::function<std::vector<ValueType>(const InferContext&, std::string_view name)> parameter_types;
  /// Slow and obvious. Empty only for placeholder, variable and assign.
  std::function<std::vector<Tensor>(const EvaluateContext&)> reference;
  /// Types are known. Empty: no FLOPs, bytes of all operands.
  std::function<Cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                     const Attrs& attrs)>
      cost;
  /// Applications for the conformance test: gradient (float64), backend against reference.
  std::function<std::vector<Sample>()> samples;
  std::function<std::vector<Sample>()> bad_samples;
};

/// Throws NotFound naming similar ops.
TEGULA_API const OpDef& find_op(std::string_view name);
/// Null when there is no such op.
TEGULA_API const OpDef* try_find_op(std::string_view name);
/// Sorted by name.
TEGULA_API std::vector<const OpDef*> all_ops();

/// Collects definitions while `src/ops` registers its families.
class OpRegistry {
 public:
  /// Throws InvalidArgument for a name that is taken or a definition without doc or infer.
  OpDef& add(OpDef definition);
};

/// The stream of a random node: the node's own `seed` attribute when >= 0, else the run's seed,
/// with its `op_id`.
TEGULA_API RandomKey random_key(const Attrs& attrs, const RandomKey& run);

/// Cost of a node whose types are known.
TEGULA_API Cost node_cost(const Node& node);

}  // namespace tegula
