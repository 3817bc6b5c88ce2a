#include "tegula/nn/layers/merging.hpp"

#include <algorithm>

#include "src/nn/shape_text.hpp"

namespace tegula::nn {

namespace {

std::string shapes_text(const ValueTypes& inputs) {
  std::string text = "[";
  for (const ValueType& input : inputs) {
    text += (text.size() > 1 ? ", " : "") + shape_text(input.shape);
  }
  return text + "]";
}

Value merged(Merging kind, Value a, Value b) {
  switch (kind) {
    case Merging::subtract:
      return a - b;
    case Merging::multiply:
      return a * b;
    case Merging::maximum:
      return maximum(a, b);
    case Merging::minimum:
      return minimum(a, b);
    default:
      return a + b;
  }
}

/// The dtype that Keras calculates in: a floating one where there is one, else an integer.
DType common_dtype(DType a, DType b) {
  if (a == b || b == DType::boolean) return a;
  if (a == DType::boolean) return b;
  if (is_floating(a) != is_floating(b)) return is_floating(a) ? a : b;
  if (size_of(a) != size_of(b)) return size_of(a) > size_of(b) ? a : b;
  return is_floating(a) ? DType::f32 : DType::i32;  // of two 16-bit or two 8-bit ones
}

Values in_common_dtype(const Values& x) {
  DType dtype = x[0].dtype();
  for (const Value& value : x) dtype = common_dtype(dtype, value.dtype());
  return x.map(
      [dtype](const Value& value) { return value.dtype() == dtype ? value : cast(value, dtype); });
}

/// As Keras: values of lower rank get axes after the batch's.
std::vector<Value> of_equal_rank(const Values& x) {
  int rank = 0;
  for (const Value& value : x) rank = std::max(rank, value.shape().rank());
  std::vector<Value> values;
  for (Value value : x) {
    while (value.shape().rank() < rank) value = expand_dims(value, 1);
    values.push_back(value);
  }
  return values;
}

}  // namespace

template <Merging Kind>
void MergingLayer<Kind>::build_all(const ValueTypes& inputs) {
  const std::size_t least = Kind == Merging::subtract ? 2 : 1;
  if (inputs.size() < least || inputs.is_one()) {
    throw InvalidArgument("A `" + std::string(kName) + "` layer should be called on a list of " +
                          "values. Received: input_shape=" + shapes_text(inputs));
  }
  if (Kind == Merging::subtract && inputs.size() != 2) {
    throw InvalidArgument(
        "A `Subtract` layer should be called on exactly 2 inputs. Received: "
        "input_shape=" +
        shapes_text(inputs));
  }
}

template <Merging Kind>
Values MergingLayer<Kind>::call_all(const Values& x, bool /*training*/) {
  const std::vector<Value> values = of_equal_rank(in_common_dtype(x));
  Value result = values.front();
  for (std::size_t i = 1; i < values.size(); ++i) result = merged(Kind, result, values[i]);
  if (Kind == Merging::average) result = result / static_cast<double>(values.size());
  return result;
}

template <Merging Kind>
Masks MergingLayer<Kind>::compute_mask(const Values& /*x*/, const Masks& masks) {
  Value any;
  for (const Value& mask : masks) {
    if (!mask) return {};
    any = any ? logical_or(any, mask) : mask;
  }
  return {any};
}

template class MergingLayer<Merging::add>;
template class MergingLayer<Merging::subtract>;
template class MergingLayer<Merging::multiply>;
template class MergingLayer<Merging::average>;
template class MergingLayer<Merging::maximum>;
template class MergingLayer<Merging::minimum>;

void ConcatenateLayer::build_all(const ValueTypes& inputs) {
  if (inputs.empty() || inputs.is_one()) {
    throw InvalidArgument(
        "A `Concatenate` layer should be called on a list of at least 1 input. "
        "Received: input_shape=" +
        shapes_text(inputs));
  }
  const int rank = inputs[0].shape.rank();
  const int axis = normalize_axis(options_.axis, rank);
  for (const ValueType& input : inputs) {
    bool fits = input.shape.rank() == rank;
    for (int i = 0; fits && i < rank; ++i) {
      const std::int64_t a = input.shape[i];
      const std::int64_t b = inputs[0].shape[i];
      fits = i == axis || a == b || a == kUnknown || b == kUnknown;
    }
    if (fits) continue;
    throw ShapeError(
        "A `Concatenate` layer requires inputs with matching shapes except for the "
        "concatenation axis. Received: input_shape=" +
        shapes_text(inputs));
  }
}

Values ConcatenateLayer::call_all(const Values& x, bool /*training*/) {
  return concat(in_common_dtype(x).items(), options_.axis);
}

Masks ConcatenateLayer::compute_mask(const Values& x, const Masks& masks) {
  if (std::ranges::none_of(masks, [](const Value& mask) { return static_cast<bool>(mask); })) {
    return {};
  }
  std::vector<Value> of_elements;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Value counts = masks[i];
    if (!counts) {
      counts = broadcast_like(x[i].graph().constant(Tensor::scalar(true)), x[i]);
    } else if (counts.shape().rank() < x[i].shape().rank()) {
      counts = broadcast_like(expand_dims(counts, -1), x[i]);
    }
    of_elements.push_back(counts);
  }
  return {any(concat(of_elements, options_.axis), -1)};
}

Masks DotLayer::compute_mask(const Values& /*x*/, const Masks& /*masks*/) { return {}; }

DotLayer::DotLayer(DotOptions options) : LayerWithOptions(std::move(options)) {
  if (options_.axes && (options_.axes->size() == 1 || options_.axes->size() == 2)) return;
  throw InvalidArgument("Dot: `axes` must be one axis or a pair, got " +
                        to_config(options_.axes).to_string());
}

Values DotLayer::call_all(const Values& x, bool /*training*/) {
  if (x.size() != 2) {
    throw InvalidArgument("A `Dot` layer should be called on a list of 2 inputs, got " +
                          std::to_string(x.size()));
  }
  std::vector<Value> sides = in_common_dtype(x).items();
  std::vector<int> axes;
  for (std::size_t i = 0; i < 2; ++i) {
    axes.push_back(normalize_axis(options_.axes->at(options_.axes->size() == 1 ? 0 : i),
                                  sides[i].shape().rank()));
    if (options_.normalize) sides[i] = l2_normalize(sides[i], axes[i]);
  }
  const std::int64_t a = sides[0].shape()[axes[0]];
  const std::int64_t b = sides[1].shape()[axes[1]];
  if (a != b && a != kUnknown && b != kUnknown) {
    throw ShapeError("Dot: Incompatible input shapes: axis values " + std::to_string(a) +
                     " (at axis " + std::to_string(axes[0]) + ") != " + std::to_string(b) +
                     " (at axis " + std::to_string(axes[1]) + ")");
  }
  // The summed axis goes last on the left and second on the right; a matrix gets a row of its own.
  const auto moved = [](Value value, int axis, int to) {
    std::vector<std::int64_t> order;
    for (int i = 0; i < value.shape().rank(); ++i) {
      if (i != axis) order.push_back(i);
    }
    order.insert(order.begin() + to, axis);
    Axes permutation;
    permutation.emplace(order);
    return transpose(value, permutation);
  };
  const int left_rank = sides[0].shape().rank();
  const int right_rank = sides[1].shape().rank();
  if (left_rank > 3 || right_rank > 3 || left_rank < 2 || right_rank < 2) {
    throw ShapeError("Dot: values (batch, n) and (batch, m, n) are supported, got " +
                     shape_text(sides[0].shape()) + " and " + shape_text(sides[1].shape()));
  }
  const Value left = left_rank == 2 ? expand_dims(sides[0], 1) : moved(sides[0], axes[0], 2);
  const Value right = right_rank == 2 ? expand_dims(sides[1], 2) : moved(sides[1], axes[1], 1);
  const Value product = matmul(left, right);
  if (left_rank == 2 && right_rank == 2) return squeeze(product, 2);
  if (left_rank == 2) return squeeze(product, 1);
  return right_rank == 2 ? squeeze(product, 2) : product;
}

}  // namespace tegula::nn
