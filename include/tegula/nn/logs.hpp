#pragma once
// What metrics report: names and values.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tegula/core/name_index.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::nn {

/// A number, or a tensor from a metric that has a value per class, output or threshold. Converts
/// to the number, which most are.
class TEGULA_API LogValue {
 public:
  LogValue(double number) : number_(number) {}  // NOLINT: implicit by design
  /// A tensor of rank 0 becomes a number.
  LogValue(Tensor value);  // NOLINT

  bool is_number() const { return !tensor_; }
  /// Throws InvalidArgument for a tensor.
  double number() const;
  /// Null for a tensor.
  const double* as_number() const { return tensor_ ? nullptr : &number_; }
  operator double() const { return number(); }  // NOLINT
  /// A number as a tensor of rank 0.
  Tensor tensor() const;
  /// The number, or the mean of the tensor's elements: what progress shows.
  double mean() const;
  /// As text: "0.5", "[0.5, 0.25]" with the elements in row-major order.
  std::string to_string() const;

 private:
  double number_ = 0;
  std::optional<Tensor> tensor_;
};

/// Metric names and values in Keras's order. An epoch's logs are shared by its callbacks: what one
/// adds, the next ones and History see.
class TEGULA_API Logs {
 public:
  Logs() = default;
  /// Logs that are read when someone looks at them, as reading costs a run of the session. Copies
  /// are read.
  explicit Logs(std::function<Logs()> read) : read_(std::move(read)) {}
  Logs(const Logs& other) : entries_(other.entries()) {}
  Logs& operator=(const Logs& other);
  Logs(Logs&&) = default;
  Logs& operator=(Logs&&) = default;
  ~Logs() = default;

  /// Throws NotFound, naming what there is, and InvalidArgument when the value is a tensor.
  double at(std::string_view name) const;
  /// Null when absent. Throws InvalidArgument when the value is a tensor.
  const double* find(std::string_view name) const;
  /// Null when absent.
  const LogValue* find_value(std::string_view name) const;
  void set(std::string_view name, LogValue value);
  bool empty() const { return entries().empty(); }
  auto begin() const { return entries().begin(); }
  auto end() const { return entries().end(); }

 private:
  using Entries = std::vector<std::pair<std::string, LogValue>>;
  const Entries& entries() const;

  mutable Entries entries_;
  mutable std::function<Logs()> read_;
  tegula::detail::NameIndex index_;
};

/// The shortest decimal that reads back as the value.
TEGULA_API std::string number_text(double value);

}  // namespace tegula::nn
