// Attention layers: forms of their calls, what configs hold of them, and masks.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tegula/nn/functional.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/layers/attention.hpp"
#include "tegula/nn/model.hpp"

using namespace tegula;
using namespace tegula::nn;

namespace {

Tensor numbers(const Shape& shape, double start) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, std::sin(start + 0.7 * static_cast<double>(i)));
  }
  return tensor;
}

void check_equal(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (std::int64_t i = 0; i < a.element_count(); ++i) {
    CAPTURE(i);
    REQUIRE(a.at(i) == doctest::Approx(b.at(i)).epsilon(1e-5));
  }
}

const Tensor kQuery = numbers({2, 5, 6}, 0), kValue = numbers({2, 7, 6}, 1);

}  // namespace

TEST_CASE("attention is called on a list, or on operands by their names") {
  const MultiHeadAttention attention({.num_heads = 2, .key_dim = 3});
  const Tensor listed = attention->evaluate(Tensors({kQuery, kValue}), false).one();
  const Tensors named = Structure<Tensor>::named({"value", "query"}, {kValue, kQuery});
  check_equal(attention->evaluate(named, false).one(), listed);
  CHECK_THROWS_AS(attention->evaluate(Tensors(kQuery), false), InvalidArgument);
  const Tensors strange = Structure<Tensor>::named({"value", "other"}, {kValue, kQuery});
  CHECK_THROWS_AS(attention->evaluate(strange, false), InvalidArgument);
  CHECK(attention->weights().size() == 8);
}

TEST_CASE("a model of calls with arguments is described with them, and made again") {
  const nn::Input query(Shape{5, 6}), value(Shape{7, 6});
  const GroupQueryAttention attention(
      {.head_dim = 3, .num_query_heads = 4, .num_key_value_heads = 2});
  const Values y =
      attention(Values({query, value}), {.return_attention_scores = true, .use_causal_mask = true});
  const auto model = std::make_shared<FunctionalLayer>(Values({query, value}), y, "model");
  const auto copy = FunctionalLayer::from_config(model->config());
  copy->build(ValueTypes({ValueType{DType::f32, {-1, 5, 6}}, ValueType{DType::f32, {-1, 7, 6}}}));
  copy->set_weights(attention->get_weights());
  const Tensors expected = model->evaluate(Tensors({kQuery, kValue}), false);
  const Tensors found = copy->evaluate(Tensors({kQuery, kValue}), false);
  REQUIRE(found.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) check_equal(found[i], expected[i]);
  // No weight is on a later key.
  CHECK(found[1].shape() == Shape{2, 4, 5, 7});
  CHECK(found[1].at(1) == 0);
}

TEST_CASE("other arguments of calls are refused by name") {
  const Dense dense({.units = 2});
  CHECK_THROWS_WITH_AS(function_of(*dense, Config::object({{"use_causal_mask", true}})),
                       doctest::Contains("`use_causal_mask`, which is not supported"), FormatError);
  const Attention attention;
  CHECK_THROWS_AS(function_of(*attention, Config::object({{"causal", true}})), NotFound);
}

TEST_CASE("results and scores are the same whether scores are asked for or not") {
  const MultiHeadAttention attention({.num_heads = 2, .key_dim = 3, .sliding_window = 3});
  const Tensor alone = attention->evaluate(Tensors({kQuery, kValue}), false).one();
  const Config scores = Config::object({{"return_attention_scores", true}});
  const Tensors both = attention->evaluate(Tensors({kQuery, kValue}), false,
                                           function_of(*attention, scores), "scores");
  check_equal(both[0], alone);
}

TEST_CASE("options that do not go together are refused") {
  CHECK_THROWS_AS(
      GroupQueryAttention({.head_dim = 3, .num_query_heads = 4, .num_key_value_heads = 3}),
      InvalidArgument);
  CHECK_THROWS_AS(
      MultiHeadAttention({.num_heads = 2, .key_dim = 3, .dropout = 0.5, .flash_attention = true}),
      InvalidArgument);
  CHECK_THROWS_AS(nn::Attention({.score_mode = "product"}), InvalidArgument);
  const MultiHeadAttention axes({.num_heads = 1, .key_dim = 2, .attention_axes = 2});
  CHECK_THROWS_AS(axes->evaluate(Tensors({kQuery, kValue}), false), InvalidArgument);
}
