// Convolution kernels against a plain loop in double precision, on every instruction set; the same
// bits for any number of threads.

#include "kernels/cpu/convolution.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tests/kernels/kernel_test.hpp"
#include "tests/support/convolution_problems.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

using Index = std::int64_t;
using Floats = std::vector<float>;

/// Problems of the networks, of which a plain loop sums up some elements, and others that no
/// network has: every rank, dilations, strides beyond windows, odd channels.
std::vector<test::NamedConvolution> problems() {
  std::vector<test::NamedConvolution> list = test::network_convolutions(2);
  for (test::NamedConvolution& named : test::depthwise_convolutions(2)) list.push_back(named);
  const auto add = [&](std::string name, std::array<detail::WindowAxis, 3> axes, Index batch,
                       Index groups, Index channels, Index filters) {
    list.push_back({std::move(name), {{batch, axes}, groups, channels, filters}});
  };
  const detail::WindowAxis one;
  add("1d dilated", {one, one, test::same_axis(700, 5, 1, 3)}, 3, 1, 7, 19);
  add("1d strided", {one, one, test::same_axis(401, 4, 3)}, 2, 1, 16, 33);
  add("2d dilated", {one, test::same_axis(20, 3, 2, 2), test::valid_axis(31, 3, 1, 4)}, 2, 1, 5,
      40);
  add("2d stride beyond the window", {one, test::valid_axis(19, 2, 3), test::same_axis(18, 1, 4)},
      3, 1, 9, 17);
  add("3d", {test::same_axis(6, 3, 1), test::same_axis(9, 3, 2), test::valid_axis(8, 2, 1)}, 2, 1,
      12, 21);
  add("one pixel", {one, test::same_axis(1, 3, 1), test::same_axis(1, 3, 1)}, 2, 1, 600, 65);
  add("unpadded groups", {one, test::valid_axis(9, 2, 1), test::valid_axis(9, 2, 1)}, 2, 3, 15, 51);
  return list;
}

/// NaN in memory that is aligned as plans want theirs.
class Aligned {
 public:
  explicit Aligned(std::size_t size)
      : tensor_(Tensor::full(DType::f32, {static_cast<Index>(size)}, NAN)) {}
  float* data() { return tensor_.data<float>(); }

 private:
  Tensor tensor_;
};

struct Sizes {
  std::size_t x, w, y;
};

Sizes sizes_of(const ConvolutionProblem& problem) {
  const auto& grid = problem.grid;
  return {static_cast<std::size_t>(grid.batch * grid.inputs() * problem.channels),
          static_cast<std::size_t>(grid.taps() * problem.group_channels() * problem.filters),
          static_cast<std::size_t>(grid.batch * grid.outputs() * problem.filters)};
}

/// The sums of products, and of their magnitudes, of every element that a convolution's three
/// directions give.
struct Sums {
  std::vector<double> y, dx, dw;
  std::vector<double> y_size, dx_size, dw_size;
};

Sums plain_sums(const ConvolutionProblem& problem, const Floats& x, const Floats& w,
                const Floats& dy) {
  const Sizes sizes = sizes_of(problem);
  Sums sums;
  sums.y.resize(sizes.y), sums.y_size.resize(sizes.y);
  sums.dx.resize(sizes.x), sums.dx_size.resize(sizes.x);
  sums.dw.resize(sizes.w), sums.dw_size.resize(sizes.w);
  const Index group_channels = problem.group_channels(), group_filters = problem.group_filters();
  detail::for_each_tap(problem.grid, [&](Index from, Index to, Index tap) {
    if (from < 0) return;
    for (Index group = 0; group < problem.groups; ++group) {
      for (Index c = 0; c < group_channels; ++c) {
        const auto i =
            static_cast<std::size_t>(from * problem.channels + group * group_channels + c);
        const auto row = (tap * group_channels + c) * problem.filters + group * group_filters;
        for (Index f = 0; f < group_filters; ++f) {
          const auto j = static_cast<std::size_t>(row + f);
          const auto k = static_cast<std::size_t>(to * problem.filters + group * group_filters + f);
          const double a = x[i], b = w[j], g = dy[k];
          sums.y[k] += a * b, sums.y_size[k] += std::abs(a * b);
          sums.dx[i] += g * b, sums.dx_size[i] += std::abs(g * b);
          sums.dw[j] += a * g, sums.dw_size[j] += std::abs(a * g);
        }
      }
    }
  });
  return sums;
}

/// Largest error, against the sum of the terms' magnitudes.
double largest_error(const Floats& actual, const std::vector<double>& expected,
                     const std::vector<double>& size) {
  double largest = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(actual[i] - expected[i]);
    if (error > 0 || std::isnan(error)) largest = std::max(largest, error / size[i]);
  }
  return largest;
}

struct Results {
  Floats y, dx, dw;
};

Results run_plans(const ConvolutionProblem& problem, const Floats& x, const Floats& w,
                  const Floats& dy) {
  const Sizes sizes = sizes_of(problem);
  Results results{Floats(sizes.y, NAN), Floats(sizes.x, NAN), Floats(sizes.w, NAN)};
  const auto product = [&](const ConvolutionPlan& plan, const Floats& source, Floats& result) {
    Aligned packed(plan.packed_size()), workspace(plan.workspace_size());
    CHECK(plan.pack(w.data(), packed.data()));
    plan.run(source.data(), packed.data(), result.data(), {}, workspace.data());
  };
  product(ConvolutionPlan::forward(problem), x, results.y);
  product(ConvolutionPlan::input_gradient(problem), dy, results.dx);
  const ConvolutionWeightsPlan plan(problem);
  Aligned workspace(plan.workspace_size());
  plan.run(x.data(), dy.data(), results.dw.data(), workspace.data());
  return results;
}

}  // namespace

TEST_CASE("convolutions and their gradients agree with a plain loop, on every instruction set") {
  constexpr double kTolerance = 16 * 1.2e-7;
  for (test::NamedConvolution named : problems()) {
    CAPTURE(named.name);
    ConvolutionProblem& problem = named.problem;
    const Sizes whole = sizes_of(problem);
    if (problem.grid.taps() * problem.group_channels() * static_cast<Index>(whole.y) > 60'000'000) {
      problem.grid.batch = 1;
    }
    const Sizes sizes = sizes_of(problem);
    const Floats x = uniform_values<float>(sizes.x, -1, 1, 1);
    const Floats w = uniform_values<float>(sizes.w, -1, 1, 2);
    const Floats dy = uniform_values<float>(sizes.y, -1, 1, 3);
    const Sums expected = plain_sums(problem, x, w, dy);
    for_each_isa([&] {
      const Results results = run_plans(problem, x, w, dy);
      CHECK(largest_error(results.y, expected.y, expected.y_size) < kTolerance);
      CHECK(largest_error(results.dx, expected.dx, expected.dx_size) < kTolerance);
      CHECK(largest_error(results.dw, expected.dw, expected.dw_size) < kTolerance);
    });
  }
}

TEST_CASE("convolutions give the same bits for any number of threads") {
  for (const test::NamedConvolution& named : problems()) {
    CAPTURE(named.name);
    const Sizes sizes = sizes_of(named.problem);
    const Floats x = uniform_values<float>(sizes.x, -1, 1, 1);
    const Floats w = uniform_values<float>(sizes.w, -1, 1, 2);
    const Floats dy = uniform_values<float>(sizes.y, -1, 1, 3);
    Results first;
    for (const int threads : {1, 2, 3}) {
      const ThreadCount count(threads);
      const Results results = run_plans(named.problem, x, w, dy);
      if (threads == 1) first = results;
      CHECK(same_bits(results.y, first.y));
      CHECK(same_bits(results.dx, first.dx));
      CHECK(same_bits(results.dw, first.dw));
    }
  }
}

TEST_CASE("packing convolution weights tells whether they are finite") {
  const ConvolutionProblem problem = test::square_convolution(6, 3, 3, 20).problem;
  Floats w = uniform_values<float>(sizes_of(problem).w, -1, 1);
  for (const auto& make : {ConvolutionPlan::forward, ConvolutionPlan::input_gradient}) {
    const ConvolutionPlan plan = make(problem);
    Aligned packed(plan.packed_size());
    CHECK(plan.pack(w.data(), packed.data()));
    for (const std::size_t i : {std::size_t{0}, w.size() / 2, w.size() - 1}) {
      for (const float value : {INFINITY, NAN}) {
        const float before = w[i];
        w[i] = value;
        CHECK_FALSE(plan.pack(w.data(), packed.data()));
        w[i] = before;
      }
    }
  }
}

TEST_CASE("an epilogue sees every element of a convolution once, when it is final") {
  for (const test::NamedConvolution& named :
       {test::square_convolution(13, 40, 3, 37), test::square_convolution(9, 6, 3, 15, 1, 3),
        test::square_convolution(12, 5, 2, 64, 2, 1, false)}) {
    CAPTURE(named.name);
    ConvolutionProblem problem = named.problem;
    problem.grid.batch = 3;
    const Sizes sizes = sizes_of(problem);
    const Floats x = uniform_values<float>(sizes.x, -1, 1, 1);
    const Floats w = uniform_values<float>(sizes.w, -1, 1, 2);
    const ConvolutionPlan plan = ConvolutionPlan::forward(problem);
    REQUIRE(plan.calls_epilogue());
    Aligned packed(plan.packed_size()), workspace(plan.workspace_size());
    plan.pack(w.data(), packed.data());
    Floats plain(sizes.y), negated(sizes.y), consumed(sizes.y, NAN);
    plan.run(x.data(), packed.data(), plain.data(), {}, workspace.data());
    const auto negate = [&](Index row, Index col, Index rows, Index cols) {
      for (Index i = row; i < row + rows; ++i) {
        for (Index j = col; j < col + cols; ++j) {
          float& element = negated[static_cast<std::size_t>(i * problem.filters + j)];
          element = -element;
        }
      }
    };
    const GemmEpilogue epilogue(negate);
    plan.run(x.data(), packed.data(), negated.data(), {.epilogue = &epilogue}, workspace.data());
    for (float& element : negated) element = -element;
    CHECK(same_bits(negated, plain));
    if (!plan.consumable()) continue;
    const auto take = [&](Index row, Index col, Index rows, Index cols, const float* block) {
      for (Index i = row; i < row + rows; ++i) {
        for (Index j = col; j < col + cols; ++j) {
          consumed[static_cast<std::size_t>(i * problem.filters + j)] = *block++;
        }
      }
    };
    const GemmConsumer<float> consumer(take);
    plan.run(x.data(), packed.data(), nullptr, {.consumer = &consumer}, workspace.data());
    CHECK(same_bits(consumed, plain));
  }
}
