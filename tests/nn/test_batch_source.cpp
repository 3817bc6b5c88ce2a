// Training, evaluation and prediction on sources of batches, and how runs check their data.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/data/batch_source.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

data::Dataset samples(std::int64_t rows, std::int64_t first = 0) {
  Tensor x(DType::f32, {rows, 2});
  Tensor y(DType::f32, {rows, 1});
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto at = static_cast<double>(first + i);
    x.set(2 * i, std::sin(at));
    x.set(2 * i + 1, std::cos(at));
    y.set(i, std::sin(2 * at));
  }
  return {x, y};
}

nn::Sequential regression() {
  nn::set_random_seed(3);
  nn::Sequential model{nn::Input({2}), nn::Dense({.units = 4, .activation = "tanh"}),
                       nn::Dense({.units = 1})};
  model.compile({.optimizer = nn::Adam({.learning_rate = 0.1}),
                 .loss = nn::MeanSquaredError(),
                 .metrics = {"mae"}});
  return model;
}

/// The batches of a data set as a source, and what was asked of it.
class Counted : public data::BatchSource {
 public:
  Counted(data::Dataset data, std::int64_t batch_size)
      : data_(std::move(data)), size_(batch_size) {}
  std::optional<data::Batch> next() override {
    if (row_ == data_.size()) return std::nullopt;
    const std::int64_t end = std::min(row_ + size_, data_.size());
    const data::Dataset part = data_.slice(std::exchange(row_, end), end);
    return data::Batch{part.x, part.y, part.sample_weight};
  }
  bool rewind() override {
    row_ = 0;
    return rewinds_ >= 0;
  }
  std::optional<std::int64_t> count() const override { return (data_.size() + size_ - 1) / size_; }
  void on_epoch_begin() override { calls += "("; }
  void on_epoch_end() override { calls += ")"; }

  std::string calls;

 private:
  data::Dataset data_;
  std::int64_t size_;
  std::int64_t row_ = 0;
  int rewinds_ = 0;
};

/// `batches` batches of two samples that come once.
data::FunctionSource stream(std::int64_t batches) {
  return data::FunctionSource([left = batches, at = std::int64_t{0}]() mutable {
    if (left-- <= 0) return std::optional<data::Batch>();
    const data::Dataset part = samples(2, std::exchange(at, at + 2));
    return std::optional(data::Batch{part.x, part.y});
  });
}

/// Collects warnings while it lives.
class Warnings {
 public:
  Warnings() {
    nn::set_warning_output([this](std::string_view warning) { text += warning; });
  }
  ~Warnings() { nn::set_warning_output({}); }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
  std::string text;
};

constexpr nn::Verbose kSilent = nn::Verbose::silent;

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "no exception";
}

bool contains(const std::string& text, const std::string& part) {
  CAPTURE(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK_MESSAGE(found, text);
  return found;
}

}  // namespace

TEST_CASE("a source trains to the same bits as its batches in an array") {
  const data::Dataset data = samples(10);
  nn::Sequential arrays = regression();
  const nn::History expected = arrays.fit(data, {.batch_size = 4,
                                                 .epochs = 3,
                                                 .verbose = kSilent,
                                                 .validation_data = samples(6, 100),
                                                 .shuffle = false});
  nn::Sequential streamed = regression();
  Counted source(data, 4);
  const nn::History history =
      streamed.fit(source, {.epochs = 3,
                            .verbose = kSilent,
                            .validation_source = std::make_shared<Counted>(samples(6, 100), 4)});
  CHECK(history.values == expected.values);
  for (std::size_t i = 0; i < arrays.get_weights().size(); ++i) {
    CHECK(identical(arrays.get_weights()[i], streamed.get_weights()[i]));
  }
  CHECK(source.calls == "()()()");

  Counted again(data, 4);
  const nn::Logs of_arrays = arrays.evaluate(data, {.batch_size = 4, .verbose = kSilent});
  const nn::Logs of_source = streamed.evaluate(again, {.verbose = kSilent});
  CHECK(of_source.at("loss") == of_arrays.at("loss"));
  CHECK(of_source.at("mae") == of_arrays.at("mae"));
  CHECK(identical(streamed.predict(again), arrays.predict(data.x, {.batch_size = 4})));
}

TEST_CASE("weights of a source's batches and classes count") {
  data::Dataset data = samples(4);
  data.sample_weight = Tensor::from<float>({0, 0, 1, 1});
  nn::Sequential model = regression();
  Counted source(data, 2);
  const double all = model.evaluate(source, {.verbose = kSilent}).at("loss");
  const double half = model.evaluate(data.slice(2, 4), {.verbose = kSilent}).at("loss");
  CHECK(all == doctest::Approx(half / 2));
}

TEST_CASE("a stream goes on from epoch to epoch, and its end is told") {
  Warnings warnings;
  nn::Sequential model = regression();
  data::FunctionSource source = stream(5);
  const nn::History history =
      model.fit(source, {.epochs = 9, .verbose = kSilent, .steps_per_epoch = 2});
  CHECK(history.epochs.size() == 3);  // 2, 2 and 1 batches
  contains(warnings.text, "Your input ran out of data; interrupting training");
}

TEST_CASE("without a number of steps, a source of unknown length is read to its end") {
  Warnings warnings;
  nn::Sequential model = regression();
  data::FunctionSource train = stream(5);
  CHECK(model.fit(train, {.verbose = kSilent}).epochs.size() == 1);
  data::FunctionSource test = stream(5);
  const double all = model.evaluate(samples(10), {.batch_size = 2, .verbose = kSilent}).at("loss");
  CHECK(model.evaluate(test, {.verbose = kSilent}).at("loss") == all);
  data::FunctionSource inputs = stream(5);
  CHECK(model.predict(inputs)->shape() == Shape{10, 1});
  const auto held_out = std::make_shared<data::FunctionSource>(stream(5));
  const nn::History history =
      model.fit(samples(2), {.verbose = kSilent, .validation_source = held_out});
  CHECK(history.at("val_loss").size() == 1);
  CHECK(warnings.text.empty());
}

TEST_CASE("a stream that has ended gives no second epoch, and a warning") {
  Warnings warnings;
  nn::Sequential model = regression();
  data::FunctionSource source = stream(5);
  CHECK(model.fit(source, {.epochs = 3, .verbose = kSilent}).epochs.size() == 1);
  contains(warnings.text, "Your input ran out of data; interrupting training");
}

TEST_CASE("an endless source runs for the steps it is given") {
  nn::Sequential model = regression();
  const auto endless = std::make_shared<data::FunctionSource>(stream(1000000));
  const nn::History history = model.fit(
      samples(2),
      {.epochs = 2, .verbose = kSilent, .validation_source = endless, .validation_steps = 3});
  CHECK(history.at("val_loss").size() == 2);
  CHECK(model.predict(*endless, {.steps = 2})->shape() == Shape{4, 1});
}

TEST_CASE("a source's exception leaves the run, with the model usable") {
  nn::Sequential model = regression();
  int given = 0;
  data::FunctionSource source(
      [&given]() -> std::optional<data::Batch> {
        if (++given > 2) throw RunError("the disk is gone");
        const data::Dataset part = samples(2);
        return data::Batch{part.x, part.y};
      },
      {}, 5);
  CHECK_THROWS_WITH_AS(model.fit(source, {.verbose = kSilent}), "the disk is gone", RunError);
  CHECK(model.fit(samples(4), {.verbose = kSilent}).epochs.size() == 1);
}

TEST_CASE("what a source gives is checked, by batch and row") {
  nn::Sequential model = regression();
  const auto run = [&model](std::vector<data::Batch> batches) {
    data::FunctionSource source(
        [batches, i = std::size_t{0}]() mutable -> std::optional<data::Batch> {
          if (i == batches.size()) return std::nullopt;
          return batches[i++];
        },
        {}, 2);
    return message_of<InvalidArgument>([&] { model.fit(source, {.verbose = kSilent}); });
  };
  const data::Dataset good = samples(2);
  const data::Batch batch{good.x, good.y};
  contains(run({}), "the source of batches has none");
  contains(run({{good.x}}), "there are no targets");
  contains(run({batch, {Tensor::zeros(DType::f32, {2, 3}), good.y}}),
           "expects input of shape (None, 2), but received input with shape (2, 3)");
  contains(run({batch, {good.x, samples(3).y}}), "'x' shape: (2, 2), 'y' shape: (3, 1)");
  contains(run({batch, {good.x, Tensor::zeros(DType::f32, {2, 7})}}),
           "targets of shape (2, 7) came after targets of shape (None, 1)");
  Tensor nan = Tensor::zeros(DType::f32, {2, 1});
  nan.set(1, std::numeric_limits<double>::quiet_NaN());
  contains(run({batch, {good.x, nan}}), "y is NaN in row 1 of batch 1");
}

TEST_CASE("errors about labels name the row in the data set and the line of fit") {
  nn::Sequential model{nn::Input({2}), nn::Dense({.units = 3, .activation = "softmax"})};
  model.compile({.loss = nn::SparseCategoricalCrossentropy()});
  const Tensor x = samples(8).x;
  struct Case {
    const char* what;
    Tensor y;
    const char* message;
  };
  for (const Case& c :
       {Case{"too large", Tensor::from<std::int32_t>({0, 1, 2, 0, 1, 3, 0, 1}),
             "label 3 in row 5 is outside the 3 classes 0 to 2"},
        Case{"beyond 32 bits", Tensor::from<std::int64_t>({0, 1, 2, 0, 1, (1LL << 32) + 1, 0, 1}),
             "label 4294967297 in row 5 is outside the 3 classes 0 to 2"},
        Case{"negative", Tensor::from<std::int32_t>({0, 1, -1, 0, 1, 2, 0, 1}),
             "label -1 in row 2 is outside the 3 classes 0 to 2"},
        Case{"a column", Tensor::from<std::int64_t>({0, 1, 2, 0, 1, 2, 0, 9}, {8, 1}),
             "label 9 in row 7"},
        Case{"no integer", Tensor::from<float>({0, 1, 2, 0.5f, 1, 2, 0, 1}),
             "y is 0.5 in row 3, which is not an integer"},
        Case{"NaN", Tensor::from<float>({0, 1, std::nanf(""), 0, 1, 2, 0, 1}), "NaN in row 2"},
        Case{"one-hot", Tensor::zeros(DType::f32, {8, 3}),
             "SparseCategoricalCrossentropy takes class indices as targets, of shape (8,), but y "
             "has "
             "shape (8, 3). For one-hot rows use CategoricalCrossentropy"}}) {
    CAPTURE(c.what);
    std::uint32_t line = 0;
    const std::string text = message_of<InvalidArgument>([&] {
      line = __LINE__ + 1;
      model.fit({x, c.y}, {.batch_size = 2, .verbose = kSilent});
    });
    contains(text, c.message);
    contains(text, "fit called at: " + std::string(__FILE__) + ":" + std::to_string(line));
  }
  // Held-out rows keep their numbers; those of other data say whose they are.
  const Tensor last = Tensor::from<std::int32_t>({0, 1, 2, 0, 1, 2, 0, 4});
  contains(message_of<InvalidArgument>([&] {
             model.fit({x, last}, {.verbose = kSilent, .validation_split = 0.25});
           }),
           "label 4 in row 7 is outside");
  const Tensor good = Tensor::from<std::int32_t>({0, 1, 2, 0, 1, 2, 0, 1});
  contains(message_of<InvalidArgument>([&] {
             model.fit({x, good}, {.verbose = kSilent, .validation_data = data::Dataset{x, last}});
           }),
           "label 4 in row 7 of the validation data");
}

TEST_CASE("an ignored class may be any label") {
  nn::Sequential model{nn::Input({2}), nn::Dense({.units = 3, .activation = "softmax"})};
  model.compile({.loss = nn::SparseCategoricalCrossentropy({.ignore_class = -1})});
  const data::Dataset data{samples(2).x, Tensor::from<std::int32_t>({0, -1})};
  CHECK(std::isfinite(model.fit(data, {.verbose = kSilent}).at("loss").back()));
}

TEST_CASE("NaN targets under a weight of 0 do not count") {
  nn::Sequential model = regression();
  data::Dataset data = samples(3);
  const double expected = model.evaluate(data.slice(0, 2), {.verbose = kSilent}).at("loss") * 2 / 3;
  Tensor targets = data.y->clone();
  targets.set(2, std::numeric_limits<double>::quiet_NaN());
  data.y = targets;
  CHECK_THROWS_AS(model.evaluate(data, {.verbose = kSilent}), InvalidArgument);
  data.sample_weight = Tensor::from<float>({1, 1, 0});
  CHECK(model.evaluate(data, {.verbose = kSilent}).at("loss") == doctest::Approx(expected));
}

TEST_CASE("options of runs out of range are refused, with their name and the line") {
  nn::Sequential model = regression();
  const data::Dataset data = samples(4);
  const auto fit = [&](nn::FitOptions options) {
    options.verbose = kSilent;
    return message_of<InvalidArgument>([&] { model.fit(data, options); });
  };
  contains(fit({.batch_size = 0}), "fit: `batch_size` must be >= 1, got 0");
  contains(fit({.epochs = -1}), "fit: `epochs` must be >= 0, got -1");
  contains(fit({.validation_split = 1}), "`validation_split`");
  contains(fit({.initial_epoch = -1}), "`initial_epoch`");
  contains(fit({.steps_per_epoch = 0}), "fit: `steps_per_epoch` must be >= 1, got 0");
  contains(fit({.validation_steps = -1}), "fit: `validation_steps` must be >= 1, got -1");
  contains(fit({.validation_freq = 0}), "`validation_freq`");
  contains(fit({.validation_split = std::nan("")}), "`validation_split`");
  contains(fit({.class_weight = {{0, std::nan("")}}}), "`class_weight`");
  contains(fit({.epochs = -1}), "fit called at: " + std::string(__FILE__));
  contains(message_of<InvalidArgument>([&] { model.evaluate(data, {.steps = -1}); }),
           "evaluate: `steps` must be >= 1, got -1");
  contains(message_of<InvalidArgument>([&] { model.predict(data.x, {.steps = -1}); }),
           "predict: `steps` must be >= 1, got -1");
}

TEST_CASE("more steps than the data have end with them, and a warning") {
  nn::Sequential model = regression();
  for (int run = 0; run < 3; ++run) {
    CAPTURE(run);
    Warnings warnings;
    if (run == 0) {
      model.fit(samples(4), {.batch_size = 2, .verbose = kSilent, .steps_per_epoch = 3});
    } else if (run == 1) {
      model.evaluate(samples(4), {.batch_size = 2, .verbose = kSilent, .steps = 3});
    } else {
      CHECK(model.predict(samples(4).x, {.batch_size = 2, .steps = 3})->shape() == Shape{4, 1});
    }
    contains(warnings.text, "Your input ran out of data");
  }
  Warnings warnings;
  model.fit(samples(4), {.batch_size = 2, .epochs = 3, .verbose = kSilent, .steps_per_epoch = 2});
  CHECK(warnings.text.empty());
}

TEST_CASE("weights of steps multiply the loss of each step, also where only some data have them") {
  nn::set_random_seed(3);
  nn::Sequential model{nn::Input({3, 2}), nn::Dense({.units = 1, .use_bias = false})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = nn::MeanSquaredError()});
  const data::Dataset flat = samples(12);
  data::Dataset data{flat.x[0].reshaped({4, 3, 2}), flat.y[0].reshaped({4, 3, 1})};
  Tensor weights(DType::f32, {4, 3});
  for (std::int64_t i = 0; i < 12; ++i) weights.set(i, 0.25 * static_cast<double>(i));
  data.sample_weight = weights;
  const Tensor kernel = model.get_weights()[0];
  double expected = 0;
  for (std::int64_t i = 0; i < 12; ++i) {
    const double predicted =
        flat.x[0].at(2 * i) * kernel.at(0) + flat.x[0].at(2 * i + 1) * kernel.at(1);
    expected += weights.at(i) * std::pow(predicted - flat.y[0].at(i), 2) / 12;
  }
  const nn::EvaluateOptions quiet{.batch_size = 4, .verbose = nn::Verbose::silent};
  CHECK(model.evaluate(data, quiet).at("loss") == doctest::Approx(expected).epsilon(1e-6));
  data.sample_weight = weights.reshaped({4, 3, 1});
  CHECK(model.evaluate(data, quiet).at("loss") == doctest::Approx(expected).epsilon(1e-6));
  data.sample_weight = Tensor::full(DType::f32, {4}, 2);
  const double doubled = model.evaluate(data, quiet).at("loss");
  data.sample_weight = {};
  CHECK(doubled == doctest::Approx(2 * model.evaluate(data, quiet).at("loss")).epsilon(1e-6));
  data.sample_weight = Tensor::full(DType::f32, {4, 3, 2}, 1);
  CHECK_THROWS_WITH_AS(model.evaluate(data, quiet),
                       doctest::Contains("or one per value of the loss, but has shape (4, 3, 2)"),
                       ShapeError);
  data.sample_weight = Tensor::full(DType::f32, {4, 2}, 1);
  CHECK_THROWS_WITH_AS(model.evaluate(data, quiet), doctest::Contains("does not fit"), ShapeError);
}
