// Generated loops against the interpreter: the same bits for every instruction and for random
// programs, over all forms of plans.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernel_test.hpp"
#include "kernels/cpu/elementwise.hpp"
#include "kernels/cpu/elementwise_jit.hpp"
#include "kernels/cpu/executable_memory.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

using Op = ElementwiseOp;

/// Turns generated code on or off for the plans made in its life.
class GeneratedCode {
 public:
  explicit GeneratedCode(bool allow) : before_(kernels::detail::allow_generated_code(allow)) {}
  ~GeneratedCode() { kernels::detail::allow_generated_code(before_); }

 private:
  bool before_;
};

bool is_generated(Op op) {
  switch (op) {
    case Op::pow:
    case Op::log:
    case Op::log1p:
    case Op::softplus:
    case Op::sin:
    case Op::cos:
    case Op::constant:
    case Op::random_normal:
      return false;
    default:
      return true;
  }
}

std::vector<Op> generated_ops() {
  std::vector<Op> ops;
  for (int op = 0; op <= static_cast<int>(Op::random_normal); ++op) {
    if (is_generated(static_cast<Op>(op))) ops.push_back(static_cast<Op>(op));
  }
  return ops;
}

/// Ordinary numbers, with every special one somewhere among them.
std::vector<float> mixed_values(std::size_t count, unsigned seed) {
  using Limits = std::numeric_limits<float>;
  constexpr float kInfinity = Limits::infinity();
  const float special[] = {0.0f,
                           -0.0f,
                           kInfinity,
                           -kInfinity,
                           1.0f,
                           Limits::max(),
                           Limits::min(),
                           Limits::quiet_NaN(),
                           -1.0f,
                           0.5f,
                           Limits::lowest(),
                           1e-40f,
                           88.8f,
                           -103.9f,
                           17.0f};
  std::vector<float> values = uniform_values<float>(count, -4, 4, seed);
  std::mt19937 random(seed);
  for (float& value : values) {
    if (random() % 4 == 0) value = special[random() % std::size(special)];
  }
  return values;
}

/// Equal bits, or NaN in both: which NaN comes out where two meet is the compiler's choice.
void require_same(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  const auto differ = [](float x, float y) {
    if (std::isnan(x) && std::isnan(y)) return false;
    return std::bit_cast<std::uint32_t>(x) != std::bit_cast<std::uint32_t>(y);
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!differ(a[i], b[i])) continue;
    CAPTURE(i);
    REQUIRE(a[i] == b[i]);
    REQUIRE(std::signbit(a[i]) == std::signbit(b[i]));
  }
}

enum class Kind { scalar, row, column, full, flags };

/// A program with the kinds of its inputs over [rows, columns], and what a run needs.
struct Case {
  Program program;
  std::vector<Kind> kinds;
  std::vector<DType> outputs;

  std::vector<ElementwiseInput> inputs(std::int64_t rows, std::int64_t columns) const {
    std::vector<ElementwiseInput> result;
    for (const Kind kind : kinds) {
      const DType dtype = kind == Kind::flags ? DType::boolean : DType::f32;
      const Shape shape = kind == Kind::scalar   ? Shape{}
                          : kind == Kind::row    ? Shape{columns}
                          : kind == Kind::column ? Shape{rows, 1}
                                                 : Shape{rows, columns};
      result.push_back({dtype, shape});
    }
    return result;
  }
};

enum class Form { whole, blocks, in_place };

/// The outputs as floats, with guards of one value beyond each end that must stay.
std::vector<std::vector<float>> run_case(const Case& c, std::int64_t rows, std::int64_t columns,
                                         Form form, bool generated) {
  const GeneratedCode scope(generated);
  const std::vector<ElementwiseInput> inputs = c.inputs(rows, columns);
  const auto elements = static_cast<std::size_t>(rows * columns);
  std::vector<std::vector<float>> floats(inputs.size());
  std::vector<std::vector<std::uint8_t>> flags(inputs.size());
  std::vector<const void*> in;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto count = static_cast<std::size_t>(inputs[i].shape.element_count());
    floats[i] = mixed_values(count, static_cast<unsigned>(i + 1));
    for (const float value : floats[i]) flags[i].push_back(value > 0 ? 1 : 0);
    in.push_back(c.kinds[i] == Kind::flags ? static_cast<const void*>(flags[i].data())
                                           : static_cast<const void*>(floats[i].data()));
  }
  std::vector<std::vector<float>> results(c.outputs.size());
  std::vector<std::vector<std::uint8_t>> bools(c.outputs.size());
  std::vector<void*> out;
  for (std::size_t o = 0; o < c.outputs.size(); ++o) {
    results[o].assign(elements + 2, -77.0f);
    bools[o].assign(elements + 2, 77);
    void* target = c.outputs[o] == DType::boolean ? static_cast<void*>(bools[o].data() + 1)
                                                  : static_cast<void*>(results[o].data() + 1);
    if (form == Form::in_place && c.outputs[o] == DType::f32 && o < c.kinds.size() &&
        c.kinds[o] == Kind::full) {
      target = floats[o].data();
    }
    out.push_back(target);
  }
  const RandomState random{.seed = 5, .step = 6};
  const Shape space{rows, columns};
  if (form == Form::blocks) {
    const auto plan = ElementwisePlan::blocks(c.program, DType::f32, inputs, space, c.outputs);
    const std::int64_t height = std::max<std::int64_t>(1, rows / 2);
    const std::int64_t width = std::max<std::int64_t>(1, columns * 2 / 3);
    for (std::int64_t r = 0; r < rows; r += height) {
      for (std::int64_t k = 0; k < columns; k += width) {
        plan.run_block({r, std::min(height, rows - r), k, std::min(width, columns - k)}, in.data(),
                       out.data(), random);
      }
    }
  } else {
    ElementwisePlan::whole(c.program, DType::f32, inputs, space, c.outputs)
        .run(in.data(), out.data(), random);
  }
  for (std::size_t o = 0; o < c.outputs.size(); ++o) {
    if (o < floats.size() && out[o] == static_cast<void*>(floats[o].data())) {
      results[o] = floats[o];
    } else if (c.outputs[o] == DType::boolean) {
      results[o].assign(bools[o].begin(), bools[o].end());
    }
  }
  return results;
}

void check_case(const Case& c) {
  CAPTURE(to_string(c.program));
  constexpr std::pair<std::int64_t, std::int64_t> kSpaces[] = {
      {1, 1}, {1, 7}, {3, 5}, {2, 8}, {1, 37}, {5, 41}, {7, 64}, {3, 100}, {1, 3001}, {600, 9}};
  for (const auto& [rows, columns] : kSpaces) {
    CAPTURE(rows);
    CAPTURE(columns);
    for (const Form form : {Form::whole, Form::blocks, Form::in_place}) {
      CAPTURE(static_cast<int>(form));
      const auto expected = run_case(c, rows, columns, form, false);
      const auto got = run_case(c, rows, columns, form, true);
      for (std::size_t o = 0; o < got.size(); ++o) require_same(got[o], expected[o]);
    }
  }
}

bool has_loop(const Case& c) {
  return kernels::detail::compile_elementwise(kernels::detail::ElementwiseCode::Kind::whole,
                                              c.program, DType::f32, c.inputs(4, 100), {4, 100},
                                              c.outputs)
             .loop != nullptr;
}

std::array<double, 2> immediates_of(Op op, std::mt19937& random) {
  switch (op) {
    case Op::clip: {
      constexpr std::array<double, 2> kRanges[] = {{0, 6}, {-1, 1}, {0.25, 2}, {-2, 0}};
      return kRanges[random() % std::size(kRanges)];
    }
    case Op::cast:
      return {1, 0};
    case Op::random_uniform:
      return {-1, 2};
    default:
      return {0.3, 0};
  }
}

Case random_case(unsigned seed, int inputs, int instructions) {
  static const std::vector<Op> ops = generated_ops();
  std::mt19937 random(seed);
  Case c;
  c.program.inputs = inputs;
  for (int i = 0; i < inputs; ++i) c.kinds.push_back(static_cast<Kind>(random() % 5));
  int values = inputs;
  for (int i = 0; i < instructions; ++i, ++values) {
    if (random() % 8 == 0) {
      const double constants[] = {0, 1, -2.5, 1e-3, std::nan("")};
      c.program.append(Op::constant, {-1, -1, -1}, {constants[random() % 5], 0});
      continue;
    }
    // Half of them cheap and fusable, so that programs get deep and not only wide.
    const Op cheap[] = {Op::add, Op::sub, Op::mul, Op::maximum, Op::where, Op::relu};
    const Op op = random() % 2 == 0 ? cheap[random() % 6] : ops[random() % ops.size()];
    std::array<int, 3> operands;
    for (int& operand : operands) {
      operand = static_cast<int>(random() % static_cast<unsigned>(values));
      if (random() % 2 == 0) operand = std::max(operand, values - 4);
    }
    c.program.append(op, operands, immediates_of(op, random), random() % 3);
  }
  const int outputs = 1 + static_cast<int>(random() % 4);
  for (int o = 0; o < outputs; ++o) {
    const int value = static_cast<int>(random() % static_cast<unsigned>(values));
    c.program.outputs.push_back(o == 0 ? values - 1 : value);
    c.outputs.push_back(random() % 5 == 0 ? DType::boolean : DType::f32);
  }
  return c;
}

}  // namespace

TEST_CASE("generated code gives the interpreter's bits for every instruction") {
  if (!kernels::detail::can_generate_code()) return;
  std::mt19937 random(1);
  for (const Op op : generated_ops()) {
    const int operands = operand_count(op);
    int combinations = 1;
    for (int k = 0; k < operands; ++k) combinations *= 5;
    for (int choice = 0; choice < combinations; ++choice) {
      Case c;
      c.program.inputs = operands;
      for (int k = 0, rest = choice; k < operands; ++k, rest /= 5) {
        c.kinds.push_back(static_cast<Kind>(rest % 5));
      }
      c.program.outputs = {c.program.append(op, {0, 1, 2}, immediates_of(op, random), 3)};
      c.outputs = {DType::f32};
      if (operands < 3 || choice % 4 == 0) check_case(c);
    }
    Case full;
    full.program.inputs = operands;
    full.kinds.assign(static_cast<std::size_t>(operands), Kind::full);
    full.program.outputs = {full.program.append(op, {0, 1, 2}, immediates_of(op, random), 3)};
    full.outputs = {DType::f32};
    CAPTURE(to_string(op));
    CHECK(has_loop(full));
  }
}

TEST_CASE("generated code gives the interpreter's bits for random programs") {
  if (!kernels::detail::can_generate_code()) return;
  int generated = 0;
  for (unsigned seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    const int inputs = 1 + static_cast<int>(seed % 14);
    const Case c = random_case(seed, inputs, 1 + static_cast<int>(seed * 7 % 50));
    generated += has_loop(c) ? 1 : 0;
    check_case(c);
  }
  CHECK(generated > 80);
}

TEST_CASE("generated code runs over segments") {
  if (!kernels::detail::can_generate_code()) return;
  Program program;
  program.inputs = 3;
  const int product = program.append(Op::mul, {0, 2});
  const int sum = program.append(Op::add, {product, 1});
  program.outputs = {program.append(Op::dropout, {sum}, {0.5, 0}, 4),
                     program.append(Op::tanh, {1})};
  const std::vector<ElementwiseInput> kinds = {
      {DType::f32, {2}}, {DType::f32, {2}}, {DType::i64, {}}};
  const std::vector<DType> dtypes(2, DType::f32);
  const std::int64_t lengths[] = {1, 0, 13, 64, 100003};
  const auto run = [&](bool generated) {
    const GeneratedCode scope(generated);
    const auto plan = ElementwisePlan::linear(program, DType::f32, kinds, dtypes);
    std::vector<std::array<std::vector<float>, 2>> arrays;
    for (const std::int64_t length : lengths) {
      const auto n = static_cast<std::size_t>(length);
      arrays.push_back({mixed_values(n, 1), mixed_values(n, 2)});
    }
    const std::int64_t factor = 3;
    std::vector<std::array<const void*, 3>> in;
    std::vector<std::array<void*, 2>> out;
    for (auto& a : arrays) {
      in.push_back({a[0].data(), a[1].data(), &factor});
      out.push_back({a[0].data(), a[1].data()});
    }
    std::vector<Segment> segments;
    for (std::size_t s = 0; s < arrays.size(); ++s) {
      segments.push_back({in[s].data(), out[s].data(), lengths[s]});
    }
    plan.run_segments(segments, {.seed = 8, .step = 9});
    return arrays;
  };
  const auto expected = run(false), got = run(true);
  for (std::size_t s = 0; s < got.size(); ++s) {
    for (std::size_t k = 0; k < 2; ++k) require_same(got[s][k], expected[s][k]);
  }
}

TEST_CASE("large results are the same, however they are stored") {
  if (!kernels::detail::can_generate_code()) return;
  Program program;
  program.inputs = 1;
  program.outputs = {program.append(Op::square, {0})};
  constexpr std::int64_t kCount = (8 << 20) + 5;
  const std::vector<float> x = uniform_values<float>(kCount, -1, 1);
  std::vector<float> y(kCount + 9, -77.0f);
  const ElementwiseInput input{DType::f32, {kCount}};
  const DType dtype = DType::f32;
  const auto plan = ElementwisePlan::whole(program, dtype, {&input, 1}, {kCount}, {&dtype, 1});
  // Once at a multiple of 32 bytes, once beside it.
  const auto address = reinterpret_cast<std::uintptr_t>(y.data());
  for (const std::size_t shift : {(32 - address % 32) % 32 / 4, (36 - address % 32) % 32 / 4}) {
    std::fill(y.begin(), y.end(), -77.0f);
    const void* in[] = {x.data()};
    void* out[] = {y.data() + shift};
    plan.run(in, out);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) wrong += y[i + shift] == x[i] * x[i] ? 0 : 1;
    CHECK(wrong == 0);
    CHECK(y[shift + kCount] == -77.0f);
  }
}

TEST_CASE("equal programs share their code, and others have their own") {
  if (!kernels::detail::can_generate_code()) return;
  const auto loop = [](double slope) {
    Program program;
    program.inputs = 1;
    program.outputs = {program.append(Op::leaky_relu, {0}, {slope, 0})};
    const ElementwiseInput input{DType::f32, {10}};
    const DType dtype = DType::f32;
    return kernels::detail::compile_elementwise(kernels::detail::ElementwiseCode::Kind::whole,
                                                program, dtype, {&input, 1}, {10}, {&dtype, 1})
        .loop;
  };
  const auto first = loop(0.1);
  REQUIRE(first != nullptr);
  CHECK(first == loop(0.1));
  CHECK(first != loop(0.2));
  // More programs than the cache holds.
  for (int i = 0; i < 1000; ++i) REQUIRE(loop(1.0 + i) != nullptr);
}

TEST_CASE("programs without a loop are interpreted") {
  Case c;
  c.program.inputs = 2;
  c.kinds = {Kind::full, Kind::full};
  c.program.outputs = {c.program.append(Op::pow, {0, 1})};
  c.outputs = {DType::f32};
  CHECK(!has_loop(c));
  const GeneratedCode scope(false);
  c.program.outputs = {c.program.append(Op::add, {0, 1})};
  CHECK(!has_loop(c));
}

TEST_CASE("executable memory is never writable and goes back to the pool") {
  const std::vector<std::uint8_t> code(5000, 0x90);
  const auto kept = kernels::detail::make_executable(code);
  if (kept == nullptr) return;
  CHECK(std::memcmp(kept.get(), code.data(), code.size()) == 0);
  const auto second = kernels::detail::make_executable(code);
  const void* const address = second.get();
  CHECK(address != kept.get());
  for (int i = 0; i < 100; ++i) {
    const auto passing = kernels::detail::make_executable(code);
    CHECK(passing.get() != address);
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    CAPTURE(line);
    CHECK(line.find("rwx") == std::string::npos);
  }
}
