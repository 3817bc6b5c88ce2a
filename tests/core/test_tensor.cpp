// Tensors: making, viewing, casting, comparing, and the words of their errors.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/tensor.hpp"

using namespace tegula;

TEST_CASE("new buffers are aligned to 64 bytes, empty ones too") {
  for (const DType dtype : kAllDTypes) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{3, 5}}) {
      const Tensor tensor = Tensor::zeros(dtype, shape);
      CHECK(tensor.dtype() == dtype);
      CHECK(tensor.shape() == shape);
      CHECK(reinterpret_cast<std::uintptr_t>(tensor.raw()) % kAlignment == 0);
      CHECK(tensor.raw() != nullptr);
      CHECK(tensor.byte_count() ==
            static_cast<std::size_t>(shape.element_count()) * size_of(dtype));
      for (std::int64_t i = 0; i < tensor.element_count(); ++i) CHECK(tensor.at(i) == 0);
    }
  }
  const Tensor nothing;
  CHECK(nothing.shape() == Shape{0});
  CHECK(nothing.element_count() == 0);
  CHECK(identical(nothing.clone(), nothing));
}

TEST_CASE("values come in and go out") {
  const Tensor tensor = Tensor::from<std::int32_t>({1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(tensor.to_string() == "i32[2,3] {1, 2, 3, 4, 5, 6}");
  CHECK(tensor.values<std::int32_t>()[4] == 5);
  CHECK(Tensor::scalar(2.5).item() == 2.5);
  CHECK(Tensor::full(DType::bf16, {9}, 1.5).to_string() ==
        "bf16[9] {1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, ...}");
  CHECK(Tensor::from(std::vector<double>{1, 2}, {1, 2}).at(1) == 2);
  CHECK_THROWS_WITH_AS(tensor.data<float>(), "the tensor holds i32 elements, not f32", DTypeError);
  CHECK_THROWS_WITH_AS(
      tensor.item(), "item() needs a tensor of one element; this one has shape [2,3]", ShapeError);
  CHECK_THROWS_WITH_AS(tensor.at(6), "element 6 is outside a tensor of shape [2,3]",
                       InvalidArgument);
  CHECK_THROWS_AS(tensor.at(-1), InvalidArgument);
  CHECK_THROWS_WITH_AS(Tensor::from<float>({1, 2}, {3}), "shape [3] needs 3 values, got 2",
                       ShapeError);
  CHECK_THROWS_AS(Tensor(DType::f32, {-1, 2}), ShapeError);
  CHECK_THROWS_AS(Tensor(DType::f64, {std::int64_t{1} << 61}), InvalidArgument);
}

TEST_CASE("elements are found by one index per axis, checked") {
  Tensor tensor = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  CHECK(tensor.at<float>(1, 2) == 5);
  CHECK(tensor.at(1, 0) == 3);
  tensor.at<float>(0, 1) = 7;
  CHECK(tensor.at<float>(1) == 7);
  CHECK(Tensor::from<std::int32_t>({0, 1, 2, 3, 4, 5, 6, 7}, {2, 2, 2}).at<std::int32_t>(1, 0, 1) ==
        5);
  CHECK(Tensor::scalar(2.5).at<double>() == 2.5);
  const Tensor& constant = tensor;
  static_assert(std::is_same_v<decltype(constant.at<float>(0, 0)), const float&>);
  CHECK_THROWS_WITH_AS(constant.at<float>(2, 0), "index 2, 0 is outside a tensor of shape [2,3]",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(tensor.at(0, -1), "index 0, -1 is outside a tensor of shape [2,3]",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(tensor.at<float>(6), "element 6 is outside a tensor of shape [2,3]",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(
      tensor.at<float>(0, 0, 0),
      "3 indices for a tensor of shape [2,3]; expected 2, or one that counts its elements",
      InvalidArgument);
  CHECK_THROWS_WITH_AS(tensor.at<double>(0, 0), "the tensor holds f32 elements, not f64",
                       DTypeError);
}

TEST_CASE("copies, reshapes and rows share memory; a clone does not") {
  Tensor tensor = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {3, 2});
  CHECK_FALSE(tensor.shared());
  Tensor flat = tensor.reshaped({6});
  Tensor last = tensor.rows(2, 3);
  CHECK(tensor.shared());
  const Tensor clone = tensor.clone();
  CHECK_FALSE(clone.shared());
  flat.set(5, 50);
  last.set(0, 40);
  CHECK(tensor.to_string() == "f32[3,2] {0, 1, 2, 3, 40, 50}");
  CHECK(clone.to_string() == "f32[3,2] {0, 1, 2, 3, 4, 5}");
  CHECK(last.shape() == Shape{1, 2});
  CHECK(tensor.rows(1, 1).shape() == Shape{0, 2});
  CHECK(tensor.rows(1, 1).element_count() == 0);
  CHECK(Tensor(DType::f32, {0, 2}).rows(0, 0).element_count() == 0);
  CHECK_THROWS_WITH_AS(tensor.reshaped({4}), "cannot reshape [3,2] (6 elements) to [4]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(tensor.rows(1, 4), "rows 1 to 4 are outside a tensor of shape [3,2]",
                       ShapeError);
  CHECK_THROWS_AS(tensor.rows(2, 1), ShapeError);
  CHECK_THROWS_AS(tensor.rows(-1, 1), ShapeError);
  CHECK_THROWS_WITH_AS(Tensor::scalar(1.0f).rows(0, 0), "a scalar has no rows", ShapeError);
}

TEST_CASE("views keep the buffer alive, and borrowed memory its owner") {
  Tensor view;
  {
    const Tensor tensor = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
    view = tensor.rows(1, 2);
  }
  CHECK(view.at(1) == 4);
  auto memory = std::make_shared<std::vector<float>>(3, 7.0f);
  Tensor borrowed = Tensor::borrow(DType::f32, {3}, memory->data(), memory);
  CHECK(borrowed.raw() == memory->data());
  CHECK(memory.use_count() == 2);
  borrowed = Tensor();
  CHECK(memory.use_count() == 1);
}

TEST_CASE("identical means dtype, shape and bits") {
  const Tensor tensor = Tensor::from<float>({0.0f, NAN});
  CHECK(identical(tensor, tensor.clone()));
  CHECK_FALSE(identical(tensor, Tensor::from<float>({-0.0f, NAN})));
  CHECK_FALSE(identical(tensor, tensor.reshaped({1, 2})));
  CHECK_FALSE(identical(Tensor::from<std::int8_t>({1}), Tensor::from<std::uint8_t>({1})));
  CHECK(identical(Tensor(DType::f32, {0, 3}), Tensor(DType::f32, {0, 3})));
}

TEST_CASE("casting between all dtypes keeps what both can hold") {
  for (const DType from : kAllDTypes) {
    for (const DType to : kAllDTypes) {
      CAPTURE(to_string(from));
      CAPTURE(to_string(to));
      Tensor tensor(from, {2, 2});
      for (std::int64_t i = 0; i < 4; ++i) tensor.set(i, static_cast<double>(i * i));
      const Tensor cast = tensor.cast(to);
      CHECK(cast.dtype() == to);
      CHECK(cast.shape() == Shape{2, 2});
      const bool truth = from == DType::boolean || to == DType::boolean;
      for (std::int64_t i = 0; i < 4; ++i) {
        CHECK(cast.at(i) == (truth ? (i == 0 ? 0.0 : 1.0) : static_cast<double>(i * i)));
      }
    }
  }
}

TEST_CASE("casting what the other dtype cannot hold has a fixed result") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Case {
    DType from;
    double value;
    DType to;
    double result;
  };
  const Case cases[] = {
      // Floats to integers truncate towards zero, saturate, and take NaN to 0.
      {DType::f32, 2.9, DType::i32, 2},
      {DType::f32, -2.9, DType::i32, -2},
      {DType::f64, 1e10, DType::i32, 2147483647},
      {DType::f64, -1e10, DType::i32, -2147483648.0},
      {DType::f32, 300, DType::u8, 255},
      {DType::f32, -1, DType::u8, 0},
      {DType::f32, 1e30, DType::i64, 9223372036854775807.0},
      {DType::f64, kNan, DType::i8, 0},
      {DType::f16, kInfinity, DType::i64, 9223372036854775807.0},
      {DType::bf16, -2.5, DType::i8, -2},
      // Integers wrap, as in NumPy.
      {DType::i32, 300, DType::u8, 44},
      {DType::i32, -1, DType::u8, 255},
      {DType::i64, 4294967297.0, DType::i32, 1},
      {DType::u8, 200, DType::i8, -56},
      // To bool: whether it differs from zero; NaN does.
      {DType::f32, 0.1, DType::boolean, 1},
      {DType::f16, -0.0, DType::boolean, 0},
      {DType::f64, kNan, DType::boolean, 1},
      {DType::i8, -5, DType::boolean, 1},
      {DType::f64, 1e-300, DType::boolean, 1},
      // Floats to narrower floats round to nearest even or overflow to infinity.
      {DType::f64, 1e300, DType::f32, kInfinity},
      {DType::f64, 0.1, DType::f32, static_cast<double>(0.1f)},
      {DType::f32, 65520, DType::f16, kInfinity},
      {DType::f32, 65519, DType::f16, 65504},
      {DType::f32, 257, DType::bf16, 256},
      {DType::i32, 2049, DType::f16, 2048},
      {DType::i64, 9007199254740993.0, DType::f64, 9007199254740992.0},
      {DType::bf16, 3, DType::f16, 3},
  };
  for (const Case& c : cases) {
    CAPTURE(to_string(c.from));
    CAPTURE(c.value);
    CAPTURE(to_string(c.to));
    CHECK(Tensor::full(c.from, {1}, c.value).cast(c.to).item() == c.result);
  }
  CHECK(std::isnan(Tensor::full(DType::f64, {1}, kNan).cast(DType::f16).item()));
}
