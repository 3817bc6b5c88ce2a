// Identities of ops that move elements, of reductions and of matrix products.

#include <algorithm>
#include <array>
#include <numeric>

#include "src/passes/simplify_rules.hpp"

namespace tegula::passes {

namespace {

using Integers = std::vector<std::int64_t>;

const Integers& integers(const Attrs& attrs, std::string_view name) {
  return attrs.get<Integers>(name);
}

Value reshaped(const Value& x, const Shape& shape, TermBuilder& builder) {
  return builder.make("reshape", {x}, {{"shape", Integers(shape.begin(), shape.end())}});
}

/// The input, when the types say that nothing can have changed: for ops that keep elements in
/// order.
Value unchanged(const Term& term, TermBuilder&) {
  return term.type.shape.is_known() && term.has_type_of(term.input()) ? term.input() : Value();
}

Value as_reshape(const Term& term, TermBuilder& builder) {
  return term.type.shape.is_known() ? reshaped(term.input(), term.type.shape, builder) : Value();
}

Value reshape_of_reshape(const Term& term, TermBuilder& builder) {
  if (!is_op(term.input(), "reshape")) return {};
  return builder.make("reshape", {term.input().node().input(0)}, term.attrs);
}

Value reshape_of_repeated_scalar(const Term& term, TermBuilder& builder) {
  if (!is_op(term.input(), "broadcast_to") || !term.type.shape.is_known()) return {};
  const Value x = term.input().node().input(0);
  if (!x.shape().is_known() || x.shape().element_count() != 1) return {};
  return builder.make("broadcast_to", {reshaped(x, {}, builder)}, {{"shape", term.type.shape}});
}

Value broadcast_of_broadcast(const Term& term, TermBuilder& builder) {
  if (!is_op(term.input(), "broadcast_to")) return {};
  return builder.make("broadcast_to", {term.input().node().input(0)}, term.attrs);
}

bool counts_up(const Integers& perm) {
  for (std::size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

Value transpose_of_nothing(const Term& term, TermBuilder&) {
  return counts_up(integers(term.attrs, "perm")) ? term.input() : Value();
}

Value transpose_of_transpose(const Term& term, TermBuilder& builder) {
  if (!is_op(term.input(), "transpose")) return {};
  const Node& inner = term.input().node();
  Integers perm;
  for (const std::int64_t axis : integers(term.attrs, "perm")) {
    perm.push_back(integers(inner.attrs(), "perm")[static_cast<std::size_t>(axis)]);
  }
  return builder.make("transpose", {inner.input(0)}, {{"perm", perm}});
}

/// Moving axes of size 1 leaves the elements in order.
Value transpose_of_ones(const Term& term, TermBuilder& builder) {
  if (!term.type.shape.is_known()) return {};
  Integers moved;
  for (const std::int64_t axis : integers(term.attrs, "perm")) {
    if (term.input().shape()[static_cast<int>(axis)] != 1) moved.push_back(axis);
  }
  const bool in_order = std::is_sorted(moved.begin(), moved.end());
  return in_order ? reshaped(term.input(), term.type.shape, builder) : Value();
}

/// What a transpose of the last two axes reads, if `value` is one.
Value matrix_before_transpose(const Value& value) {
  if (!is_op(value, "transpose")) return {};
  Integers perm = integers(value.node().attrs(), "perm");
  if (perm.size() < 2) return {};
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return counts_up(perm) ? value.node().input(0) : Value();
}

Value matmul_of_transpose(const Term& term, TermBuilder& builder) {
  const Value a = matrix_before_transpose(term.input(0));
  const Value b = matrix_before_transpose(term.input(1));
  if (!a && !b) return {};
  Attrs attrs = term.attrs;
  if (a) attrs.set("transpose_a", !attrs.get<bool>("transpose_a"));
  if (b) attrs.set("transpose_b", !attrs.get<bool>("transpose_b"));
  return builder.make("matmul", {a ? a : term.input(0), b ? b : term.input(1)}, std::move(attrs));
}

Value reduce_no_axes(const Term& term, TermBuilder&) {
  const bool none = integers(term.attrs, "axes").empty();
  return none && term.has_type_of(term.input()) ? term.input() : Value();
}

/// Each group holds one element, which is its own sum, mean, maximum …
Value reduce_single_elements(const Term& term, TermBuilder& builder) {
  if (!term.type.shape.is_known()) return {};
  for (const std::int64_t axis : integers(term.attrs, "axes")) {
    if (term.input().shape().dim(static_cast<int>(axis)) != 1) return {};
  }
  return reshaped(term.input(), term.type.shape, builder);
}

/// The order of the elements along the axis does not change.
Value argmax_of_softmax(const Term& term, TermBuilder& builder) {
  const Value& y = term.input();
  if (!is_op(y, "softmax") && !is_op(y, "log_softmax")) return {};
  const int rank = y.shape().rank();
  const auto axis_of = [rank](const Attrs& attrs) {
    return normalize_axis(attrs.get<std::int64_t>("axis"), rank);
  };
  if (axis_of(term.attrs) != axis_of(y.node().attrs())) return {};
  return builder.make(term.op, std::array{y.node().input(0)}, term.attrs);
}

/// All steps are 1, so equal shapes mean that everything was taken.
Value slice_of_everything(const Term& term, TermBuilder& builder) {
  const Integers& steps = integers(term.attrs, "step");
  const bool forward = std::ranges::all_of(steps, [](auto step) { return step == 1; });
  return forward ? unchanged(term, builder) : Value();
}

Value single_operand(const Term& term, TermBuilder&) {
  return term.inputs.size() == 1 && term.has_type_of(term.input()) ? term.input() : Value();
}

/// Elementwise ops, which join what comes before and after them.
Value elementwise_normalization(const Term& term, TermBuilder& builder) {
  const Shape& shape = term.type.shape;
  const int axis = normalize_axis(term.attrs.get<std::int64_t>("axis"), shape.rank());
  const auto along = [&](const Value& vector) {
    if (axis == shape.rank() - 1) return vector;
    Shape broadcast;
    for (int i = 0; i < shape.rank(); ++i) broadcast.append(i == axis ? shape[i] : 1);
    return reshaped(vector, broadcast, builder);
  };
  if (!shape.is_known()) return {};
  const Value centered = builder.make("sub", {term.input(), along(term.input(1))});
  const Value scaled = builder.make("mul", {centered, along(term.input(2))});
  return builder.make("add", {scaled, along(term.input(3))});
}

/// For ops whose input 0 is what windows slide over.
Value windows_of_pad(const Term& term, TermBuilder& builder) {
  const Value x = term.input();
  if (!is_op(x, "pad") || term.attrs.get<std::string>("padding") == "same") return {};
  const Attrs& pad = x.node().attrs();
  const Integers& before = integers(pad, "before");
  const Integers& after = integers(pad, "after");
  const std::size_t last = before.size() - 1;
  const bool spatial = before[0] == 0 && after[0] == 0 && before[last] == 0 && after[last] == 0;
  if (!spatial || pad.get<double>("value") != 0) return {};
  Integers pads = integers(term.attrs, "pads");
  pads.resize(2 * (last - 1), 0);
  for (std::size_t i = 0; i + 1 < last; ++i) {
    pads[2 * i] += before[i + 1];
    pads[2 * i + 1] += after[i + 1];
  }
  Attrs attrs = term.attrs;
  attrs.set("padding", std::string("explicit"));
  attrs.set("pads", pads);
  std::vector<Value> inputs(term.inputs.begin(), term.inputs.end());
  inputs[0] = x.node().input(0);
  return builder.make(term.op, inputs, attrs);
}

constexpr Rule kRules[] = {
    {"convolution", "a convolution pads with zeros itself", windows_of_pad},
    {"convolution_weight_gradient", "a convolution pads with zeros itself", windows_of_pad},
    {"normalize_channels", "normalized channels are (x - mean) * scale + shift",
     elementwise_normalization},
    {"reshape", "reshape to the same shape is x", unchanged},
    {"reshape", "reshape(reshape(x)) is one reshape", reshape_of_reshape},
    {"reshape", "reshape of a repeated scalar repeats the scalar", reshape_of_repeated_scalar},
    {"squeeze", "squeeze is a reshape", as_reshape},
    {"expand_dims", "expand_dims is a reshape", as_reshape},
    {"broadcast_to", "broadcast to the same shape is x", unchanged},
    {"broadcast_to", "broadcast(broadcast(x)) is one broadcast", broadcast_of_broadcast},
    {"transpose", "transpose that keeps the axes is x", transpose_of_nothing},
    {"transpose", "transpose(transpose(x)) is one transpose", transpose_of_transpose},
    {"transpose", "transpose that moves only axes of size 1 is a reshape", transpose_of_ones},
    {"matmul", "matmul transposes its operands itself", matmul_of_transpose},
    {"sum", "sum over no axes is x", reduce_no_axes},
    {"mean", "mean over no axes is x", reduce_no_axes},
    {"max", "max over no axes is x", reduce_no_axes},
    {"min", "min over no axes is x", reduce_no_axes},
    {"prod", "prod over no axes is x", reduce_no_axes},
    {"sum", "sum over axes of size 1 is a reshape", reduce_single_elements},
    {"mean", "mean over axes of size 1 is a reshape", reduce_single_elements},
    {"max", "max over axes of size 1 is a reshape", reduce_single_elements},
    {"min", "min over axes of size 1 is a reshape", reduce_single_elements},
    {"prod", "prod over axes of size 1 is a reshape", reduce_single_elements},
    {"argmax", "argmax(softmax(x)) is argmax(x)", argmax_of_softmax},
    {"slice", "a slice of everything is x", slice_of_everything},
    {"pad", "padding with nothing is x", unchanged},
    {"tile", "one repetition is x", unchanged},
    {"concat", "concat of one value is the value", single_operand},
};

}  // namespace

std::span<const Rule> shape_rules() { return kRules; }

}  // namespace tegula::passes
