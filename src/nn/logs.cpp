#include "tegula/nn/logs.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "src/nn/shape_text.hpp"
#include "tegula/core/error.hpp"

namespace tegula::nn {

LogValue::LogValue(Tensor value) {
  if (value.rank() == 0) {
    number_ = value.item();
  } else {
    tensor_ = std::move(value);
  }
}

double LogValue::number() const {
  if (!tensor_) return number_;
  throw InvalidArgument("the value is not a number but a tensor of shape " +
                        shape_text(tensor_->shape()));
}

Tensor LogValue::tensor() const {
  return tensor_ ? *tensor_ : Tensor::full(DType::f32, {}, number_);
}

double LogValue::mean() const {
  if (!tensor_) return number_;
  double total = 0;
  for (std::int64_t i = 0; i < tensor_->element_count(); ++i) total += tensor_->at(i);
  return total / static_cast<double>(tensor_->element_count());
}

std::string LogValue::to_string() const {
  if (!tensor_) return number_text(number_);
  std::string text;
  for (std::int64_t i = 0; i < tensor_->element_count(); ++i) {
    text += (i == 0 ? "" : ", ") + number_text(tensor_->at(i));
  }
  return "[" + text + "]";
}

Logs& Logs::operator=(const Logs& other) {
  entries_ = other.entries();
  read_ = {};
  index_ = {};
  return *this;
}

const Logs::Entries& Logs::entries() const {
  // Taken first: a reader that throws is not asked again.
  if (read_) entries_ = std::exchange(read_, {})().entries();
  return entries_;
}

const LogValue* Logs::find_value(std::string_view name) const {
  const Entries& all = entries();
  const auto position = std::find_if(all.begin(), all.end(),
                                     [name](const auto& entry) { return entry.first == name; });
  return position == all.end() ? nullptr : &position->second;
}

double Logs::at(std::string_view name) const {
  if (const double* value = find(name)) return *value;
  std::string known;
  for (const auto& entry : entries()) known += (known.empty() ? "" : ", ") + entry.first;
  throw NotFound("the logs have no \"" + std::string(name) +
                 "\"; they have: " + (known.empty() ? "nothing" : known));
}

const double* Logs::find(std::string_view name) const {
  const LogValue* value = find_value(name);
  if (value == nullptr) return nullptr;
  if (!value->is_number()) {
    throw InvalidArgument("\"" + std::string(name) + "\" is not a number but a tensor of shape " +
                          shape_text(value->tensor().shape()) +
                          "; give the metric an average, or a single threshold");
  }
  return value->as_number();
}

void Logs::set(std::string_view name, LogValue value) {
  entries();
  const std::size_t place = index_.find(entries_, name);
  if (place < entries_.size()) {
    entries_[place].second = std::move(value);
  } else {
    entries_.emplace_back(std::string(name), std::move(value));
  }
}

std::string number_text(double value) {
  if (value != value) return "nan";  // to_chars writes the sign of a NaN
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace tegula::nn
