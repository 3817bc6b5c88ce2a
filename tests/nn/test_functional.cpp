// Models as graphs of layers: calls on symbols, shared weights, nested models, several inputs and
// outputs.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <type_traits>

#include "tegula/nn/functional.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

Tensor numbers(const Shape& shape, std::uint64_t seed) {
  Tensor tensor(DType::f32, shape);
  std::uint64_t state = seed * 2654435761u + 1;
  for (float& value :
       std::span(tensor.data<float>(), static_cast<std::size_t>(tensor.element_count()))) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(state >> 40) / static_cast<float>(1 << 24) - 0.5f;
  }
  return tensor;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (std::int64_t i = 0; i < a.element_count(); ++i) {
    largest = std::max(largest, std::abs(a.at(i) - b.at(i)));
  }
  return largest;
}

const Tensor kInput = numbers({6, 3}, 1);
const Tensor kTarget = numbers({6, 2}, 2);
constexpr auto kSilent = nn::Verbose::silent;

/// A layer that adds what it is given.
class AddAllLayer : public nn::LayerBase {
 public:
  AddAllLayer() { set_name("", "AddAll"); }
  std::string_view class_name() const override { return "AddAll"; }
  nn::Config config() const override { return nn::Config::object({{"name", name()}}); }

 protected:
  nn::Values call_all(const nn::Values& x, bool /*training*/) override {
    Value sum = x[0];
    for (std::size_t i = 1; i < x.size(); ++i) sum = sum + x[i];
    return sum;
  }
};

nn::Layer add_all() { return nn::Layer(std::make_shared<AddAllLayer>()); }

}  // namespace

TEST_CASE("a model of symbols computes what its layers and the ops between them do") {
  const nn::Input x({3});
  const nn::Dense hidden({.units = 4, .activation = "relu"});
  const nn::Dense out({.units = 2});
  nn::Model model(x, out(hidden(x) * 2.0 + 1.0));
  CHECK(model.output_names() == std::vector<std::string>{out->name()});
  CHECK(model.layers().size() == 4);  // with the input, and the ops between
  Tensor h = hidden->evaluate(kInput, false).one();
  for (std::int64_t i = 0; i < h.element_count(); ++i) h.set(i, h.at(i) * 2 + 1);
  CHECK(largest_difference(model.predict(kInput), out->evaluate(h, false)) < 1e-6);
}

TEST_CASE("a layer that is called twice has one set of weights, trained by both calls") {
  const nn::Input a({3});
  const nn::Input b({3});
  const nn::Dense shared({.units = 2, .use_bias = false});
  nn::Model model(nn::Values{a, b}, add_all()({shared(a), shared(b)}));
  CHECK(model.weights().size() == 1);
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = nn::MeanSquaredError()});
  const Tensor before = shared->get_weights()[0];
  model.train_on_batch({{kInput, kInput}, kTarget});
  // The same as one call of twice the kernel's effect: gradient of (2 x k - y)^2.
  Tensor expected = before.clone();
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) {
      double gradient = 0;
      for (std::int64_t n = 0; n < 6; ++n) {
        double y = 0;
        for (std::int64_t k = 0; k < 3; ++k) y += 2 * kInput.at(n, k) * before.at(k, j);
        gradient += 2 * (y - kTarget.at(n, j)) / 12 * 2 * kInput.at(n, i);
      }
      expected.set(i * 2 + j, before.at(i, j) - 0.1 * gradient);
    }
  }
  CHECK(largest_difference(shared->get_weights()[0], expected) < 1e-6);
}

TEST_CASE("models share layers: what one trains, the other predicts with") {
  const nn::Input x({3});
  const nn::Dense base({.units = 4, .activation = "tanh"});
  const Value features = base(x);
  nn::Model first(x, nn::Dense({.units = 2})(features));
  nn::Model extractor(x, features);
  first.compile({.optimizer = nn::Adam({.learning_rate = 0.1}), .loss = nn::MeanSquaredError()});
  const Tensor before = extractor.predict(kInput);
  first.fit({kInput, kTarget}, {.epochs = 2, .verbose = kSilent});
  const Tensor after = extractor.predict(kInput);
  CHECK_FALSE(identical(before, after));
  CHECK(identical(after, base->evaluate(kInput, false).one()));
}

TEST_CASE("a frozen base keeps its weights while a new head trains, and outlives the model") {
  nn::Sequential base{nn::Input({3}), nn::Dense({.units = 4, .activation = "relu"})};
  const std::vector<Tensor> kept = base.get_weights();
  nn::Layer body = base.layer();
  body->set_trainable(false);
  {
    const nn::Input x({3});
    nn::Model model(x, nn::Dense({.units = 2})(body(x)));
    CHECK(model.trainable_weights().size() == 2);
    CHECK(model.weights().size() == 4);
    model.compile({.optimizer = nn::SGD(), .loss = nn::MeanSquaredError()});
    model.fit({kInput, kTarget}, {.epochs = 3, .verbose = kSilent});
  }
  for (std::size_t i = 0; i < kept.size(); ++i) CHECK(identical(base.get_weights()[i], kept[i]));
}

TEST_CASE("several outputs train with a loss each, and log each of them") {
  const nn::Input x({3});
  const nn::Dense left({.units = 2, .name = "left"});
  const nn::Dense right({.units = 1, .name = "right"});
  nn::Model model(x, nn::Values{left(x), right(x)});
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}),
                 .loss = Structure<nn::Loss>{nn::MeanSquaredError(), nn::MeanAbsoluteError()},
                 .output_metrics = {{"right", {"mse"}}},
                 .loss_weights = Structure<double>{1.0, 0.5}});
  const Tensor second = numbers({6, 1}, 5);
  const data::Dataset data{kInput, {kTarget, second}};
  const nn::Logs logs = model.evaluate(data, {.verbose = kSilent});
  const Tensors y = model.predict(Tensors(kInput));
  double mse = 0;
  double mae = 0;
  for (std::int64_t i = 0; i < 12; ++i) mse += std::pow(y[0].at(i) - kTarget.at(i), 2) / 12;
  for (std::int64_t i = 0; i < 6; ++i) mae += std::abs(y[1].at(i) - second.at(i)) / 6;
  CHECK(logs.at("left_loss") == doctest::Approx(mse).epsilon(1e-6));
  CHECK(logs.at("right_loss") == doctest::Approx(mae).epsilon(1e-6));
  CHECK(logs.at("loss") == doctest::Approx(mse + mae / 2).epsilon(1e-6));
  CHECK(model.metrics_names() ==
        std::vector<std::string>{"loss", "right_mse", "left_loss", "right_loss"});
  CHECK_THROWS_AS(model.evaluate({kInput, kTarget}, {.verbose = kSilent}), InvalidArgument);
}

TEST_CASE("inputs and targets by name reach the inputs and outputs of their names") {
  const nn::Input a({3});
  const nn::Input b({3});
  nn::Model model(nn::Values(Structure<Value>::named({"a", "b"}, {a, b})),
                  nn::Values(Structure<Value>::named({"sum"}, {add_all()({a, Value(b) * 2.0})})));
  const Tensor other = numbers({6, 3}, 9);
  const Tensors given = Tensors::named({"b", "a"}, {other, kInput});
  const Tensor sum = model.predict(given).at("sum");
  for (std::int64_t i = 0; i < 18; ++i) {
    CHECK(sum.at(i) == doctest::Approx(kInput.at(i) + 2 * other.at(i)));
  }
}

TEST_CASE(
    "a saved model of calls is the same when it is loaded, and trains on with the same bits") {
  const nn::Input x({3});
  const nn::Dense shared({.units = 3, .activation = "relu"});
  Value h = shared(shared(x)) + Value(x);
  const nn::Sequential head{nn::Dense({.units = 4}), nn::Dropout({.rate = 0.5})};
  h = nn::Dense({.units = 2})(head.layer()(h));
  nn::Model model(x, h);
  model.compile({.optimizer = nn::Adam(), .loss = nn::MeanSquaredError()});
  model.fit({kInput, kTarget}, {.batch_size = 2, .verbose = kSilent});
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "functional.tegula";
  model.save(folder);
  const auto loaded = nn::load_model(folder);
  CHECK(loaded->config() == model.config());
  CHECK(identical(loaded->predict(kInput), model.predict(kInput)));
  model.fit({kInput, kTarget}, {.batch_size = 2, .verbose = kSilent});
  loaded->fit({kInput, kTarget}, {.batch_size = 2, .verbose = kSilent});
  CHECK(identical(loaded->predict(kInput), model.predict(kInput)));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a model refuses what is no graph of its inputs") {
  const nn::Input x({3});
  const nn::Input other({3});
  const Value y = nn::Dense({.units = 2})(x);
  CHECK_THROWS_WITH_AS(nn::Model(other, y),
                       doctest::Contains("which is not among the model's inputs"), InvalidArgument);
  Graph graph;
  const Value plain = graph.placeholder(DType::f32, {-1, 3});
  CHECK_THROWS_WITH_AS(nn::Model(x, plain), doctest::Contains("made of symbols"), InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Model(x, nn::Values{nn::Dense({.units = 2, .name = "d"})(x),
                                               nn::Dense({.units = 2, .name = "d"})(x)}),
                       doctest::Contains("All layer names should be unique"), InvalidArgument);
}

TEST_CASE("layers are listed as Keras lists them: the farthest from the outputs first") {
  const nn::Input x(nn::InputOptions{.shape = {3}, .name = "x"});
  const nn::Dense near({.units = 2, .name = "near"});
  const nn::Dense far({.units = 2, .name = "far"});
  const Value n = near(x);
  const Value f = nn::Layer(nn::Dense({.units = 2, .name = "middle"}))(far(x));
  nn::Model model(x, add_all()({n, f}));
  std::vector<std::string> names;
  for (const nn::Layer& layer : model.layers()) names.push_back(layer->name());
  names.pop_back();
  CHECK(names == std::vector<std::string>{"x", "far", "near", "middle"});
}

TEST_CASE("a symbol cannot outlive the input that nothing keeps") {
  static_assert(std::is_convertible_v<const nn::Input&, Value>);
  static_assert(!std::is_convertible_v<nn::Input, Value>);
  static_assert(!std::is_convertible_v<nn::Input, Operand>);
}
