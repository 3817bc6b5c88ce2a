#include "tests/support/op_samples.hpp"

#include <algorithm>
#include <cmath>

#include "tegula/core/random.hpp"

namespace tegula::test {

namespace {

Tensor tensor_of(const SampleInput& input, std::uint32_t number) {
  Tensor tensor(input.dtype, input.shape);
  const RandomKey key{.seed = 20, .op_id = number, .step = 0};
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    const double share = random_uniform_at(key, static_cast<std::uint64_t>(i));
    const double value = input.low + share * (input.high - input.low);
    if (input.dtype == DType::boolean) {
      tensor.set(i, share < 0.5 ? 0 : 1);
    } else if (is_floating(input.dtype)) {
      tensor.set(i, value);
    } else {
      const double low = input.dtype == DType::u8 ? std::max(input.low, 0.0) : input.low;
      tensor.set(i, std::min(input.high, std::floor(low + share * (input.high - low + 1))));
    }
  }
  return tensor;
}

Shape forgotten(const Shape& shape) {
  Shape result;
  for (int i = 0; i < shape.rank(); ++i) result.append(kUnknown);
  return result;
}

}  // namespace

SampleGraph build_sample(const OpDef& op, const Sample& sample, Dims dims) {
  SampleGraph result;
  for (const SampleInput& input : sample.inputs) {
    if (op.stateful && result.inputs.empty()) {
      const ValueType type{input.dtype, input.shape};
      result.inputs.push_back(result.graph.variable(type, "state"));
    } else {
      const Shape shape = dims == Dims::known ? input.shape : forgotten(input.shape);
      result.inputs.push_back(result.graph.placeholder(input.dtype, shape, "x"));
    }
  }
  result.node = &result.graph.add_node(op, result.inputs, sample.attrs, "sample",
                                       std::source_location::current());
  return result;
}

std::vector<Value> differentiable_outputs(Node& node) {
  const std::string& name = node.op().name;
  const bool saves = name == "gru" || name == "lstm" || name == "simple_rnn";
  std::vector<Value> outputs;
  for (int i = 0; i < node.output_count() - (saves ? 1 : 0); ++i) {
    outputs.push_back(node.output(i));
  }
  return outputs;
}

std::vector<Tensor> tensors_of(const Sample& sample) {
  std::vector<Tensor> tensors;
  for (const SampleInput& input : sample.inputs) {
    tensors.push_back(tensor_of(input, static_cast<std::uint32_t>(tensors.size())));
  }
  return tensors;
}

Sample with_floats(Sample sample, DType dtype) {
  for (SampleInput& input : sample.inputs) {
    if (input.dtype == DType::f32) input.dtype = dtype;
  }
  Attrs attrs;
  for (const auto& [name, value] : sample.attrs) {
    if (const DType* given = std::get_if<DType>(&value); given && *given == DType::f32) {
      attrs.set(name, dtype);
    } else if (const Tensor* tensor = std::get_if<Tensor>(&value);
               tensor && tensor->dtype() == DType::f32) {
      attrs.set(name, tensor->cast(dtype));
    } else {
      attrs.set(name, value);
    }
  }
  sample.attrs = attrs;
  return sample;
}

std::int64_t element_count_of(const Sample& sample) {
  std::int64_t count = 0;
  for (const SampleInput& input : sample.inputs) count += input.shape.element_count();
  return count;
}

std::string describe(const OpDef& op, const Sample& sample, std::size_t number) {
  std::string text = op.name + " #" + std::to_string(number) + " (";
  for (const SampleInput& input : sample.inputs) {
    if (&input != sample.inputs.data()) text += ", ";
    text += ValueType{input.dtype, input.shape}.to_string();
  }
  text += ") {";
  for (const auto& [name, value] : sample.attrs) text += " " + name + "=" + to_string(value);
  return text + " }";
}

}  // namespace tegula::test
