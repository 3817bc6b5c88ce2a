#pragma once
// A contiguous, row-major, reference-counted array in host memory.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tegula/core/dtype.hpp"
#include "tegula/core/export.hpp"
#include "tegula/core/shape.hpp"

namespace tegula {

/// Where a tensor's bytes live. Only host memory exists so far.
enum class Device : std::uint8_t { cpu };

/// Alignment in bytes of every buffer that the library allocates: one cache line, one AVX-512
/// register.
inline constexpr std::size_t kAlignment = 64;

/// Copies share their bytes; `clone` makes new ones. An empty Tensor (default constructed) has no
/// buffer, dtype f32 and shape [0].
class TEGULA_API Tensor {
 public:
  Tensor() : shape_{0} {}
  /// Allocates, without setting the elements. Throws ShapeError when the shape has unknown
  /// dimensions and InvalidArgument when its size overflows.
  Tensor(DType dtype, const Shape& shape);

  /// All elements zero.
  static Tensor zeros(DType dtype, const Shape& shape);
  /// All elements `value`, converted to `dtype`.
  static Tensor full(DType dtype, const Shape& shape, double value);
  template <Element T>
  static Tensor scalar(T value) {
    Tensor tensor(dtype_of<T>, Shape{});
    tensor.data<T>()[0] = value;
    return tensor;
  }
  /// Copies `values`; throws ShapeError when their number does not match `shape`.
  template <Element T>
  static Tensor from(std::span<const T> values, const Shape& shape) {
    Tensor tensor(dtype_of<T>, shape);
    tensor.copy_from(values.data(), values.size());
    return tensor;
  }
  template <Element T>
  static Tensor from(std::initializer_list<T> values, const Shape& shape) {
    return from(std::span<const T>(values.begin(), values.size()), shape);
  }
  template <Element T>
  static Tensor from(std::initializer_list<T> values) {
    return from(values, Shape{static_cast<std::int64_t>(values.size())});
  }
  template <Element T>
  static Tensor from(const std::vector<T>& values, const Shape& shape) {
    return from(std::span<const T>(values), shape);
  }
  /// Refers to memory owned by `owner`, without a copy. `data` must hold the shape's elements.
  static Tensor borrow(DType dtype, const Shape& shape, void* data, std::shared_ptr<void> owner);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  std::int64_t element_count() const { return count_; }
  std::size_t byte_count() const { return static_cast<std::size_t>(count_) * size_of(dtype_); }
  Device device() const { return Device::cpu; }

  void* raw() { return data_; }
  const void* raw() const { return data_; }
  /// Throws DTypeError unless T is the tensor's element type.
  template <Element T>
  T* data() {
    check_dtype(dtype_of<T>);
    return static_cast<T*>(data_);
  }
  template <Element T>
  const T* data() const {
    check_dtype(dtype_of<T>);
    return static_cast<const T*>(data_);
  }
  template <Element T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<std::size_t>(count_)};
  }
  template <Element T>
  std::span<T> values() {
    return {data<T>(), static_cast<std::size_t>(count_)};
  }
  /// The only element of a one-element tensor, converted to double. Throws ShapeError otherwise.
  double item() const;
  /// The element at these indices, one per axis and from 0; a single index counts elements in
  /// row-major order. Throws DTypeError unless T is the element type, InvalidArgument when an index
  /// is out of range or their number is not the rank.
  template <Element T, std::integral... Indices>
  T& at(Indices... indices) {
    return data<T>()[offset({static_cast<std::int64_t>(indices)...})];
  }
  template <Element T, std::integral... Indices>
  const T& at(Indices... indices) const {
    return data<T>()[offset({static_cast<std::int64_t>(indices)...})];
  }
  /// The same for any dtype, converted to double; for tests and printing.
  double at(std::int64_t index) const { return as_double(offset({index})); }
  double at(std::int64_t row, std::int64_t column) const {
    return as_double(offset({row, column}));
  }
  /// Converts `value` to the tensor's dtype and stores it at row-major `index`.
  void set(std::int64_t index, double value);

  Tensor clone() const;
  /// Same bytes, other shape. Throws ShapeError when the element counts differ.
  Tensor reshaped(const Shape& shape) const;
  /// Rows `begin` to `end` of axis 0, sharing memory. Throws ShapeError out of range.
  Tensor rows(std::int64_t begin, std::int64_t end) const;
  /// Elementwise conversion; floats to integers truncate towards zero, numbers to bool test != 0.
  Tensor cast(DType dtype) const;

  /// Whether other tensors share the buffer.
  bool shared() const { return owner_.use_count() > 1; }
  const std::shared_ptr<void>& owner() const { return owner_; }

  /// Shape, dtype and the first elements, for humans.
  std::string to_string() const;

 private:
  void check_dtype(DType requested) const;
  /// Row-major place of the element at these indices.
  std::int64_t offset(std::initializer_list<std::int64_t> indices) const;
  double as_double(std::int64_t index) const;
  void copy_from(const void* values, std::size_t count);

  DType dtype_ = DType::f32;
  Shape shape_;
  std::int64_t count_ = 0;
  void* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

/// Same dtype, shape and bytes.
TEGULA_API bool identical(const Tensor& a, const Tensor& b);

}  // namespace tegula
