#include "tegula/nn/layers/einsum.hpp"

#include <algorithm>

#include "src/nn/layers/einsum_equation.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/nn/initializers.hpp"

namespace tegula::nn {

namespace {

/// The sizes of the result's axes: the sample's as stated, where they are, and otherwise the
/// input's.
Shape result_shape(const EinsumEquation& stated, const EinsumEquation& equation,
                   const Shape& sample, const Shape& input) {
  const int elided = input.rank() - static_cast<int>(stated.left.size());
  Shape shape = {input[0]};
  if (stated.elided_before) {
    for (int i = 1; i < elided; ++i) shape.append(input[i]);
  }
  for (const std::int64_t size : sample.dims()) shape.append(size);
  if (stated.elided_after) {
    for (int i = input.rank() - elided; i < input.rank(); ++i) shape.append(input[i]);
  }
  if (shape.rank() != static_cast<int>(equation.result.size())) {
    throw ShapeError("`output_shape` " + shape_text(sample) +
                     " does not have a size for each of '" + stated.result + "' but the first");
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const std::size_t at = equation.left.find(equation.result[static_cast<std::size_t>(axis)]);
    if (at == std::string::npos) continue;
    const std::int64_t given = input[static_cast<int>(at)];
    if (shape[axis] == kUnknown) shape.set(axis, given);
    if (given != kUnknown && shape[axis] != given) {
      throw ShapeError("Input shape and output shape do not match at shared dimension '" +
                       std::string(1, equation.left[at]) + "'. Input shape is " +
                       std::to_string(given) + ", and output shape is " +
                       std::to_string(shape[axis]) + ".");
    }
  }
  return shape;
}

/// The initializer that counts these axes of the kernel as inputs and outputs, where it is of a
/// kind that does and that leaves them open.
Initializer with_axes(const Initializer& initializer, const std::vector<std::int64_t>& inputs,
                      const std::vector<std::int64_t>& outputs) {
  if (!initializer) return initializer;
  Config config = initializer->config();
  const Config* in = config.find("input_axes");
  const Config* out = config.find("output_axes");
  if (in == nullptr || out == nullptr || !(in->is_null() || out->is_null())) return initializer;
  config.set("input_axes", to_config(inputs));
  config.set("output_axes", to_config(outputs));
  return find_class<InitializerBase>(initializer->class_name())->make(config);
}

}  // namespace

Config to_config(const SampleShape& shape) { return to_config(shape.dims); }

void from_config(const Config& config, SampleShape& shape) {
  if (config.is_list()) {
    from_config(config, shape.dims);
  } else {
    shape.dims = {config.as_integer()};
  }
}

EinsumDenseLayer::EinsumDenseLayer(EinsumDenseOptions options)
    : LayerWithOptions(std::move(options)) {
  const EinsumEquation equation = EinsumEquation::parse(options_.equation);
  for (const char axis : options_.bias_axes.value_or("")) {
    if (equation.result.find(axis) != std::string::npos) continue;
    throw InvalidArgument(std::string("EinsumDense: Bias dimension '") + axis +
                          "' was requested, but is not part of the output spec '" +
                          equation.result + "'");
  }
}

void EinsumDenseLayer::build_weights(const ValueType& input) {
  const EinsumEquation stated = EinsumEquation::parse(options_.equation);
  const EinsumEquation equation = stated.for_rank(input.shape.rank());
  const Shape result = result_shape(stated, equation, options_.output_shape.dims, input.shape);
  Shape kernel;
  std::vector<std::int64_t> input_axes, output_axes;
  for (const char label : equation.right) {
    const std::size_t at = equation.result.find(label);
    (at != std::string::npos ? output_axes : input_axes).push_back(kernel.rank());
    kernel.append(at != std::string::npos
                      ? result[static_cast<int>(at)]
                      : input.shape[static_cast<int>(equation.left.find(label))]);
  }
  if (!kernel.is_known()) {
    throw ShapeError(
        describe() + " needs known sizes of the kernel's axes, got an input of shape " +
        shape_text(input.shape) + " and `output_shape` " + shape_text(options_.output_shape.dims));
  }
  kernel_ =
      add_weight("kernel", kernel, with_axes(options_.kernel_initializer, input_axes, output_axes),
                 options_.kernel_regularizer, options_.kernel_constraint);
  if (!options_.bias_axes) return;
  Shape bias;
  for (std::size_t i = 0; i < equation.result.size(); ++i) {
    const bool has = options_.bias_axes->find(equation.result[i]) != std::string::npos;
    if (has || bias.rank() > 0) bias.append(has ? result[static_cast<int>(i)] : 1);
  }
  bias_ = add_weight("bias", bias, options_.bias_initializer, options_.bias_regularizer,
                     options_.bias_constraint);
}

Value EinsumDenseLayer::call(Value x, bool /*training*/) {
  const EinsumEquation stated = EinsumEquation::parse(options_.equation);
  Value y = einsum(stated.for_rank(x.shape().rank()), x, kernel_);
  if (bias_) y = y + bias_;
  return options_.activation(y);
}

}  // namespace tegula::nn
