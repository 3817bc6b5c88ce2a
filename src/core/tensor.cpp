#include "tegula/core/tensor.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "src/core/convert.hpp"
#include "src/core/tensor_memory.hpp"
#include "tegula/core/error.hpp"

namespace tegula {

namespace {

template <typename T>
double to_double(T value) {
  if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<double>(value);
  }
}

}  // namespace

Tensor::Tensor(DType dtype, const Shape& shape)
    : dtype_(dtype), shape_(shape), count_(shape.element_count()) {
  if (static_cast<std::size_t>(count_) >
      std::numeric_limits<std::size_t>::max() / 2 / size_of(dtype)) {
    throw InvalidArgument("a tensor of shape " + shape.to_string() + " does not fit in memory");
  }
  owner_ = detail::allocate_tensor_memory(byte_count());
  data_ = owner_.get();
}

Tensor Tensor::zeros(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  std::memset(tensor.data_, 0, tensor.byte_count());
  return tensor;
}

Tensor Tensor::full(DType dtype, const Shape& shape, double value) {
  Tensor tensor(dtype, shape);
  visit_dtype(dtype, [&]<typename T>() {
    std::fill_n(static_cast<T*>(tensor.data_), tensor.count_, detail::convert<T>(value));
  });
  return tensor;
}

Tensor Tensor::borrow(DType dtype, const Shape& shape, void* data, std::shared_ptr<void> owner) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = shape;
  tensor.count_ = shape.element_count();
  tensor.data_ = data;
  tensor.owner_ = std::move(owner);
  return tensor;
}

double Tensor::item() const {
  if (count_ != 1) {
    throw ShapeError("item() needs a tensor of one element; this one has shape " +
                     shape_.to_string());
  }
  return at(0);
}

std::int64_t Tensor::offset(std::initializer_list<std::int64_t> indices) const {
  const auto outside = [&] {
    std::string text;
    for (const std::int64_t index : indices) {
      text += (text.empty() ? "" : ", ") + std::to_string(index);
    }
    text = (indices.size() == 1 ? "element " : "index ") + text;
    return InvalidArgument(text + " is outside a tensor of shape " + shape_.to_string());
  };
  if (indices.size() == 1) {
    const std::int64_t index = *indices.begin();
    if (index < 0 || index >= count_) throw outside();
    return index;
  }
  if (static_cast<int>(indices.size()) != rank()) {
    throw InvalidArgument(std::to_string(indices.size()) + " indices for a tensor of shape " +
                          shape_.to_string() + "; expected " + std::to_string(rank()) +
                          ", or one that counts its elements");
  }
  std::int64_t place = 0;
  int axis = 0;
  for (const std::int64_t index : indices) {
    const std::int64_t size = shape_[axis++];
    if (index < 0 || index >= size) throw outside();
    place = place * size + index;
  }
  return place;
}

double Tensor::as_double(std::int64_t index) const {
  return visit_dtype(dtype_,
                     [&]<typename T>() { return to_double(static_cast<const T*>(data_)[index]); });
}

void Tensor::set(std::int64_t index, double value) {
  if (index < 0 || index >= count_) {
    throw InvalidArgument("element " + std::to_string(index) + " is outside a tensor of shape " +
                          shape_.to_string());
  }
  visit_dtype(dtype_,
              [&]<typename T>() { static_cast<T*>(data_)[index] = detail::convert<T>(value); });
}

Tensor Tensor::clone() const {
  Tensor copy(dtype_, shape_);
  if (count_ > 0) std::memcpy(copy.data_, data_, byte_count());
  return copy;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.element_count() != count_) {
    throw ShapeError("cannot reshape " + shape_.to_string() + " (" + std::to_string(count_) +
                     " elements) to " + shape.to_string());
  }
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  if (rank() == 0) throw ShapeError("a scalar has no rows");
  if (begin < 0 || end < begin || end > shape_[0]) {
    throw ShapeError("rows " + std::to_string(begin) + " to " + std::to_string(end) +
                     " are outside a tensor of shape " + shape_.to_string());
  }
  Tensor view = *this;
  view.shape_.set(0, end - begin);
  view.count_ = view.shape_.element_count();
  const std::size_t row_bytes =
      shape_[0] == 0 ? 0 : byte_count() / static_cast<std::size_t>(shape_[0]);
  view.data_ = static_cast<std::byte*>(data_) + static_cast<std::size_t>(begin) * row_bytes;
  return view;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor result(dtype, shape_);
  visit_dtype(dtype_, [&]<typename From>() {
    visit_dtype(dtype, [&]<typename To>() {
      const auto* from = static_cast<const From*>(data_);
      auto* to = static_cast<To*>(result.data_);
      for (std::int64_t i = 0; i < count_; ++i) to[i] = detail::convert<To>(from[i]);
    });
  });
  return result;
}

std::string Tensor::to_string() const {
  constexpr std::int64_t kShown = 8;
  std::string text = std::string(tegula::to_string(dtype_)) + shape_.to_string() + " {";
  for (std::int64_t i = 0; i < std::min(count_, kShown); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.6g", i == 0 ? "" : ", ", at(i));
    text += number;
  }
  return text + (count_ > kShown ? ", ...}" : "}");
}

void Tensor::check_dtype(DType requested) const {
  if (requested != dtype_) {
    throw DTypeError("the tensor holds " + std::string(tegula::to_string(dtype_)) +
                     " elements, not " + std::string(tegula::to_string(requested)));
  }
}

void Tensor::copy_from(const void* values, std::size_t count) {
  if (count != static_cast<std::size_t>(count_)) {
    throw ShapeError("shape " + shape_.to_string() + " needs " + std::to_string(count_) +
                     " values, got " + std::to_string(count));
  }
  if (count > 0) std::memcpy(data_, values, byte_count());
}

bool identical(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.element_count() == 0 || std::memcmp(a.raw(), b.raw(), a.byte_count()) == 0);
}

}  // namespace tegula
