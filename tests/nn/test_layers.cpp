// Layers: what each computes, its shapes, weights and errors; and one check that fits all of them.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tegula/nn/initializers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/regularizers.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

Tensor counting(const Shape& shape, double step = 0.1) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, step * static_cast<double>(i % 7) - 0.2);
  }
  return tensor;
}

struct LayerCase {
  const char* class_name;
  nn::Config options;
  Shape input;
  Shape output;
  int weights;
};

/// Everything that any layer must do: come back from its config, infer its shapes, show its
/// weights, and take part in a training step and in saving and loading weights.
void check_layer(const LayerCase& c) {
  CAPTURE(c.class_name);
  CAPTURE(c.options.to_string());
  const auto entry = *nn::find_class<nn::LayerBase>(c.class_name);
  const nn::Layer layer(entry.make(c.options));
  CHECK(entry.make(layer->config())->config() == layer->config());

  Shape sample;
  for (const std::int64_t dim : c.input.dims().subspan(1)) sample.append(dim);
  nn::Sequential model{nn::Input(sample), layer, nn::Flatten(), nn::Dense({.units = 2})};
  Shape expected = c.output;
  expected.set(0, kUnknown);
  CHECK(layer->output_types().one() == ValueType{DType::f32, expected});
  CHECK(layer->weights().size() == static_cast<std::size_t>(c.weights));

  model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = nn::MeanSquaredError()});
  const Tensor x = counting(c.input);
  const Tensor y = counting({c.input[0], 2}, 0.3);
  const std::vector<Tensor> before = layer->get_weights();
  CHECK(std::isfinite(model.train_on_batch({x, y}).find("loss")[0]));
  const std::vector<Tensor> after = layer->get_weights();
  for (std::size_t i = 0; i < before.size(); ++i) CHECK_FALSE(identical(before[i], after[i]));
  CHECK(model.predict(x).shape() == Shape{c.input[0], 2});

  layer->set_weights(before);
  const std::vector<Tensor> again = layer->get_weights();
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(identical(before[i], again[i]));
}

Tensor predict(const nn::Layer& layer, const Tensor& x) {
  Shape sample;
  for (const std::int64_t dim : x.shape().dims().subspan(1)) sample.append(dim);
  nn::Sequential model{nn::Input(sample), layer};
  return model.predict(x);
}

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool mentions(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("\"" << text << "\" does not mention \"" << std::string(part) << "\"");
  return found;
}

}  // namespace

TEST_CASE("every layer keeps the contract of layers") {
  using nn::Config;
  const LayerCase cases[] = {
      {"Dense", Config::object({{"units", 3}}), {4, 5}, {4, 3}, 2},
      {"Dense", Config::object({{"units", 3}, {"use_bias", false}}), {4, 5}, {4, 3}, 1},
      {"Dense", Config::object({{"units", 3}, {"activation", "tanh"}}), {4, 2, 5}, {4, 2, 3}, 2},
      {"Dropout", Config::object({{"rate", 0.25}}), {4, 5}, {4, 5}, 0},
      {"Activation", Config::object({{"activation", "sigmoid"}}), {4, 5}, {4, 5}, 0},
      {"Flatten", Config::object({}), {4, 2, 3}, {4, 6}, 0},
      {"GaussianNoise", Config::object({{"stddev", 0.5}}), {4, 5}, {4, 5}, 0},
      {"GaussianDropout", Config::object({{"rate", 0.5}}), {4, 5}, {4, 5}, 0},
      {"AlphaDropout", Config::object({{"rate", 0.5}}), {4, 5}, {4, 5}, 0},
      {"EinsumDense",
       Config::object({{"equation", "abc,cde->abde"},
                       {"output_shape", Config::List{nullptr, 3, 2}},
                       {"bias_axes", "de"}}),
       {4, 2, 5},
       {4, 2, 3, 2},
       2},
      {"EinsumDense",
       Config::object({{"equation", "...x,xy->...y"}, {"output_shape", 3}}),
       {4, 2, 3, 5},
       {4, 2, 3, 3},
       1},
      {"Resizing",
       Config::object({{"height", 3}, {"width", 9}, {"interpolation", "lanczos5"}}),
       {2, 6, 4, 2},
       {2, 3, 9, 2},
       0},
      {"Resizing",
       Config::object({{"height", 3}, {"width", 9}, {"data_format", "channels_first"}}),
       {2, 2, 6, 4},
       {2, 2, 3, 9},
       0},
      {"CenterCrop", Config::object({{"height", 3}, {"width", 2}}), {2, 6, 5, 2}, {2, 3, 2, 2}, 0},
      {"RandomFlip", Config::object({}), {2, 6, 5, 3}, {2, 6, 5, 3}, 0},
      {"RandomCrop", Config::object({{"height", 3}, {"width", 2}}), {2, 6, 5, 2}, {2, 3, 2, 2}, 0},
      {"RandomRotation", Config::object({{"factor", 0.2}}), {2, 6, 5, 2}, {2, 6, 5, 2}, 0},
      {"RandomElasticTransform", Config::object({}), {2, 6, 5, 2}, {2, 6, 5, 2}, 0},
      {"RandomSaturation",
       Config::object({{"factor", 0.2}, {"data_format", "channels_first"}}),
       {2, 3, 6, 5},
       {2, 3, 6, 5},
       0},
      {"RandomGaussianBlur", Config::object({}), {2, 6, 5, 2}, {2, 6, 5, 2}, 0},
      {"RandomErasing", Config::object({}), {2, 6, 5, 2}, {2, 6, 5, 2}, 0},
      {"CutMix", Config::object({}), {2, 6, 5, 2}, {2, 6, 5, 2}, 0},
      {"RandAugment", Config::object({}), {2, 6, 5, 3}, {2, 6, 5, 3}, 0},
      {"AugMix",
       Config::object({{"num_chains", 2}, {"chain_depth", 1}}),
       {2, 6, 5, 3},
       {2, 6, 5, 3},
       0},
      {"UpSampling2D",
       Config::object({{"size", 2}, {"interpolation", "bicubic"}}),
       {2, 3, 4, 2},
       {2, 6, 8, 2},
       0},
      {"AdaptiveMaxPooling2D", Config::object({{"output_size", 3}}), {2, 7, 5, 2}, {2, 3, 3, 2}, 0},
      {"AdaptiveAveragePooling1D", Config::object({{"output_size", 4}}), {2, 7, 2}, {2, 4, 2}, 0},
      {"Reshape", Config::object({{"target_shape", Config::List{3, -1}}}), {4, 6}, {4, 3, 2}, 0},
  };
  for (const LayerCase& c : cases) check_layer(c);
}

TEST_CASE("Dense computes activation(x · kernel + bias)") {
  const nn::Dense dense({.units = 2,
                         .activation = "relu",
                         .kernel_initializer = nn::Constant({.value = 0.5}),
                         .bias_initializer = nn::Constant({.value = -1})});
  const Tensor y = predict(dense, Tensor::from<float>({1, 2, 3, 0, 1, 0}, {2, 3}));
  CHECK(y.at(0) == 2);
  CHECK(y.at(1) == 2);
  CHECK(y.at(2) == 0);
  CHECK(dense->weights()[0].path() == dense->name() + "/kernel");
  CHECK(dense->weights()[1].path() == dense->name() + "/bias");
}

TEST_CASE("Dropout only acts while training, and keeps the mean") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {-1, 1000});
  const nn::Dropout dropout({.rate = 0.25});
  CHECK(dropout(x, false) == x);
  const Value y = (*dropout)(x, true);
  Session session(graph);
  const Tensor dropped = session.run({{x, Tensor::full(DType::f32, {20, 1000}, 1)}}, y);
  int kept = 0;
  for (const float value : dropped.values<float>()) {
    CHECK_UNARY(value == 0 || value == doctest::Approx(4.0 / 3));
    kept += value != 0 ? 1 : 0;
  }
  // 20000 draws: five standard deviations are 0.0153.
  CHECK(kept / 20000.0 == doctest::Approx(0.75).epsilon(0.0153));
  const nn::Dropout all({.rate = 1});
  const Value nothing = (*all)(x, true);
  CHECK(session.run({{x, Tensor::full(DType::f32, {1, 1000}, 1)}}, sum(nothing)).item() == 0);
}

TEST_CASE("Flatten gives vectors a second dimension, Reshape infers one") {
  Graph graph;
  const Value vector = graph.placeholder(DType::f32, {-1});
  const nn::Flatten flatten;
  CHECK(flatten(vector, false).shape() == Shape{-1, 1});
  const Tensor x = counting({2, 6});
  const Tensor y = predict(nn::Reshape({.target_shape = {-1, 2}}), x);
  CHECK(identical(y, x.reshaped({2, 3, 2})));
}

TEST_CASE("an activation can stand for a layer") {
  nn::Sequential model{nn::Input({2}), nn::Activation("exponential")};
  CHECK(model.predict(Tensor::zeros(DType::f32, {1, 2})).at(0) == 1);
}

TEST_CASE("regularizers add to the loss, of trainable layers only") {
  const auto loss_of = [](bool trainable) {
    const nn::Dense dense({.units = 1,
                           .kernel_initializer = "ones",
                           .bias_initializer = "ones",
                           .kernel_regularizer = nn::L2({.l2 = 0.1}),
                           .bias_regularizer = nn::L1({.l1 = 0.01}),
                           .activity_regularizer = nn::L1({.l1 = 1})});
    dense->trainable = trainable;
    nn::Sequential model{nn::Input({3}), dense};
    model.compile({.loss = nn::MeanSquaredError()});
    const Tensor x = Tensor::zeros(DType::f32, {4, 3});
    return *model.test_on_batch({x, Tensor::full(DType::f32, {4, 1}, 1)}).find("loss");
  };
  CHECK(loss_of(true) == doctest::Approx(1 + 0.3 + 0.01));
  CHECK(loss_of(false) == doctest::Approx(1));
}

TEST_CASE("errors name the layer, the shapes, and the user's line") {
  const std::string here = "test_layers.cpp:";
  const std::string wrong_rank = message_of<ShapeError>([] {
    Graph graph;
    const nn::Dense dense({.units = 2, .name = "head"});
    (*dense)(graph.placeholder(DType::f32, {-1}), false);
  });
  CHECK(mentions(wrong_rank, "Dense layer \"head\""));
  CHECK(mentions(wrong_rank, "(None,)"));
  CHECK(mentions(wrong_rank, here));

  const std::string wrong_width = message_of<ShapeError>([] {
    Graph graph;
    const nn::Dense dense({.units = 2, .name = "head"});
    (*dense)(graph.placeholder(DType::f32, {-1, 3}), false);
    (*dense)(graph.placeholder(DType::f32, {-1, 4}), false);
  });
  CHECK(mentions(wrong_width, "expected axis -1 of input shape to have value 3"));
  CHECK(mentions(wrong_width, "(None, 4)"));
  CHECK(mentions(wrong_width, here));

  const std::string wrong_reshape = message_of<ShapeError>([] {
    const nn::Sequential model{nn::Input({5}), nn::Reshape({.target_shape = {2, 3}})};
  });
  CHECK_THROWS_AS(nn::Sequential({nn::Input({5}), nn::Reshape({.target_shape = {INT64_MAX, 3}})}),
                  ShapeError);
  CHECK(mentions(wrong_reshape, "(5,)"));
  CHECK(mentions(wrong_reshape, "(2, 3)"));
  CHECK(mentions(wrong_reshape, here));

  // An op inside of a user's layer: the message shows op, name in the layer, shapes and line.
  const std::string wrong_op = message_of<ShapeError>([] {
    const nn::Activation add_three("add_three", [](Value x) {
      return x + x.graph().constant(Tensor::zeros(DType::f32, {3}));
    });
    const nn::Sequential model{nn::Input({5}), nn::Layer(add_three)};
  });
  CHECK(mentions(wrong_op, "add"));
  CHECK(mentions(wrong_op, "activation"));
  CHECK(mentions(wrong_op, "(None, 5)"));
  CHECK(mentions(wrong_op, "(3,)"));
  CHECK(mentions(wrong_op, here));
}

TEST_CASE("unusable options of layers are refused") {
  CHECK_THROWS_AS(nn::Dense({.units = 0}), InvalidArgument);
  CHECK_THROWS_AS(nn::Dropout({.rate = 1.5}), InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Dense({.units = 1, .activation = "rellu"}),
                       doctest::Contains("Could not interpret activation function identifier: "
                                         "rellu; did you mean \"relu\""),
                       NotFound);
}

TEST_CASE("setting weights checks number and shapes before anything changes") {
  const nn::Dense dense({.units = 2, .name = "dense_of_two"});
  CHECK_THROWS_AS(dense->set_weights({Tensor()}), InvalidArgument);
  nn::Sequential model{nn::Input({3}), dense};
  const std::vector<Tensor> before = dense->get_weights();
  CHECK(message_of<InvalidArgument>([&] { dense->set_weights({before[0]}); }) ==
        "You called `set_weights(weights)` on layer 'dense_of_two' with a weight list of length "
        "1, but the layer was expecting 2 weights.");
  const Tensor other = Tensor::zeros(DType::f32, {3, 2});
  CHECK(mentions(message_of<ShapeError>([&] {
                   dense->set_weights({other, other});
                 }),
                 "Layer dense_of_two weight shape (2,) is not compatible with provided "
                 "weight shape (3, 2)."));
  CHECK(identical(dense->get_weights()[0], before[0]));
}

TEST_CASE("names are unique per process") {
  nn::reset_layer_names();
  CHECK(nn::Dense({.units = 1})->name() == "dense");
  CHECK(nn::Dense({.units = 1})->name() == "dense_1");
  CHECK(nn::Dense({.units = 1, .name = "mine"})->name() == "mine");
}
