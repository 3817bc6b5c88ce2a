#include "src/nn/layers/einsum_equation.hpp"

#include <algorithm>
#include <cctype>

#include "src/nn/shape_text.hpp"
#include "tegula/core/error.hpp"

namespace tegula::nn {

namespace {

bool contains(const std::string& labels, char label) {
  return labels.find(label) != std::string::npos;
}

bool are_distinct_letters(const std::string& labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (std::isalnum(static_cast<unsigned char>(labels[i])) == 0) return false;
    if (labels.find(labels[i], i + 1) != std::string::npos) return false;
  }
  return !labels.empty();
}

/// Takes an ellipsis off one end; whether there was one.
bool take_ellipsis(std::string& labels, bool before) {
  constexpr std::string_view kEllipsis = "...";
  if (!(before ? labels.starts_with(kEllipsis) : labels.ends_with(kEllipsis))) return false;
  labels.erase(before ? 0 : labels.size() - kEllipsis.size(), kEllipsis.size());
  return true;
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw InvalidArgument("Invalid einsum equation '" + text +
                        "'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or "
                        "[X]...,[Y]->[Z]...: " +
                        why);
}

/// Letters of `labels` that `wanted` accepts, in their order.
template <typename Wanted>
std::string chosen(const std::string& labels, Wanted&& wanted) {
  std::string result;
  std::ranges::copy_if(labels, std::back_inserter(result), wanted);
  return result;
}

/// The axes of `labels` in the order of `wanted`.
Value ordered(Value x, const std::string& labels, const std::string& wanted) {
  if (labels == wanted) return x;
  Axes order;
  order.emplace();
  for (const char label : wanted) order->push_back(static_cast<std::int64_t>(labels.find(label)));
  return transpose(x, order);
}

/// Sizes of the letters in a value whose axes are `labels`; their product is the last size where
/// they are `joined`.
std::vector<std::int64_t> sizes(const Value& x, const std::string& labels,
                                const std::string& wanted) {
  std::vector<std::int64_t> result;
  for (const char label : wanted) {
    result.push_back(x.shape()[static_cast<int>(labels.find(label))]);
  }
  return result;
}

/// The product; an unknown size makes it -1.
std::int64_t joined(const std::vector<std::int64_t>& sizes) {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) {
    if (size == kUnknown) return kUnknown;
    product *= size;
  }
  return product;
}

template <typename... Lists>
std::vector<std::int64_t> concatenated(std::vector<std::int64_t> first, const Lists&... others) {
  (first.insert(first.end(), others.begin(), others.end()), ...);
  return first;
}

}  // namespace

EinsumEquation EinsumEquation::parse(const std::string& text) {
  std::string plain = text;
  std::erase(plain, ' ');
  const std::size_t comma = plain.find(','), arrow = plain.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || comma > arrow) {
    refuse(text, "it needs a comma and, after it, an arrow");
  }
  EinsumEquation equation{plain.substr(0, comma), plain.substr(comma + 1, arrow - comma - 1),
                          plain.substr(arrow + 2)};
  equation.elided_before = take_ellipsis(equation.left, true);
  if (!equation.elided_before) equation.elided_after = take_ellipsis(equation.left, false);
  if ((equation.elided_before && !take_ellipsis(equation.result, true)) ||
      (equation.elided_after && !take_ellipsis(equation.result, false))) {
    refuse(text, "the ellipsis stands on the same side of the input and of the output");
  }
  for (const std::string* labels : {&equation.left, &equation.right, &equation.result}) {
    if (!are_distinct_letters(*labels)) {
      refuse(text, "'" + *labels + "' must be letters, each once");
    }
  }
  for (const char label : equation.result) {
    if (contains(equation.left, label) || contains(equation.right, label)) continue;
    refuse(text,
           std::string("the output's '") + label + "' is neither the input's nor the kernel's");
  }
  for (const char label : equation.right) {
    if (contains(equation.left, label) || contains(equation.result, label)) continue;
    refuse(text,
           std::string("the kernel's '") + label + "' is neither the input's nor the output's");
  }
  return equation;
}

EinsumEquation EinsumEquation::for_rank(int rank) const {
  const int elided = rank - static_cast<int>(left.size());
  const bool has_ellipsis = elided_before || elided_after;
  if (elided < 0 || (elided > 0 && !has_ellipsis)) {
    throw ShapeError("the equation's input '" + left + "' has " + std::to_string(left.size()) +
                     (has_ellipsis ? " axes or more" : " axes") + ", got rank " +
                     std::to_string(rank));
  }
  std::string further;
  for (int i = 0; i < elided; ++i) further += static_cast<char>('0' + i);
  EinsumEquation whole{left, right, result};
  for (std::string* labels : {&whole.left, &whole.result}) {
    *labels = elided_before ? further + *labels : *labels + further;
  }
  return whole;
}

Value einsum(const EinsumEquation& equation, Value left, Value right) {
  const auto& [x, w, y, before, after] = equation;
  const auto is_in = [](const std::string& labels) {
    return [&labels](char label) { return contains(labels, label); };
  };
  const std::string shared = chosen(x, [&](char c) { return contains(w, c) && contains(y, c); });
  const std::string summed = chosen(x, [&](char c) { return contains(w, c) && !contains(y, c); });
  const std::string rows = chosen(x, [&](char c) { return !contains(w, c) && contains(y, c); });
  const std::string columns = chosen(w, [&](char c) { return !contains(x, c); });

  std::string present = chosen(x, [&](char c) { return is_in(w)(c) || is_in(y)(c); });
  if (present != x) {
    Axes alone;
    alone.emplace();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!contains(present, x[i])) alone->push_back(static_cast<std::int64_t>(i));
    }
    left = sum(left, alone);
  }
  const std::vector<std::int64_t> batch = sizes(right, w, shared);
  const std::vector<std::int64_t> row_sizes = sizes(left, present, rows);
  const std::vector<std::int64_t> column_sizes = sizes(right, w, columns);
  const std::vector<std::int64_t> terms = {joined(sizes(right, w, summed))};
  // Without shared axes the rows stay apart, whatever their sizes are.
  const std::vector<std::int64_t> all_rows =
      shared.empty() ? row_sizes : std::vector<std::int64_t>{joined(row_sizes)};
  left = ordered(left, present, shared + rows + summed);
  if (!shared.empty() || summed.size() != 1) {
    left = reshape(left, concatenated(batch, all_rows, terms));
  }
  right = ordered(right, w, shared + summed + columns);
  right = reshape(right, concatenated(batch, terms, std::vector{joined(column_sizes)}));
  if (shared.empty() && rows.empty()) left = expand_dims(left, 0);
  Value product = matmul(left, right);
  const std::string order = shared + rows + columns;
  if (order.size() != static_cast<std::size_t>(product.shape().rank()) || columns.size() != 1) {
    product = reshape(product, concatenated(batch, row_sizes, column_sizes));
  }
  return ordered(product, order, y);
}

}  // namespace tegula::nn
