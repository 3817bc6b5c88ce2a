// Saved models: what comes back, what a damaged or foreign folder gives, and what a failing disk
// leaves behind.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "src/core/file_faults.hpp"
#include "tegula/core/blocking.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"
#include "tegula/io/safetensors.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/regularizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

namespace {

data::Dataset samples() {
  Tensor x(DType::f32, {12, 3}), y(DType::i32, {12});
  for (std::int64_t i = 0; i < x.element_count(); ++i) x.set(i, std::sin(1.7 * i));
  for (std::int64_t i = 0; i < 12; ++i) y.set(i, i % 2);
  return {x, y};
}

nn::Sequential make_model() {
  return nn::Sequential{
      nn::Input({3}), nn::Dense({.units = 4, .activation = "tanh", .kernel_regularizer = nn::L2()}),
      nn::Dense({.units = 2, .activation = "softmax"})};
}

nn::Sequential compiled_model(const nn::Optimizer& optimizer = nn::Adam()) {
  nn::Sequential model = make_model();
  model.compile({.optimizer = optimizer,
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  return model;
}

void train(nn::Model& model) {
  model.fit(samples(),
            {.batch_size = 5, .epochs = 2, .verbose = nn::Verbose::silent, .shuffle = false});
}

void check_same_values(const nn::Model& a, const nn::Model& b) {
  const std::vector<Tensor> expected = a.get_weights(), actual = b.get_weights();
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) CHECK(identical(actual[i], expected[i]));
  const std::vector<Variable> state = a.optimizer_variables(), loaded = b.optimizer_variables();
  REQUIRE(loaded.size() == state.size());
  for (std::size_t i = 0; i < state.size(); ++i) {
    CHECK_MESSAGE(identical(b.get(loaded[i]), a.get(state[i])), state[i].node().name());
  }
}

/// Files of a folder with their bytes, as one text.
std::string contents_of(const std::string& folder) {
  return read_bytes(folder + "/config.json") + "\n---\n" +
         read_bytes(folder + "/weights.safetensors");
}

/// What loading throws; must be one of ours.
std::string load_error(const std::string& folder) {
  try {
    nn::load_model(folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

/// Thrown by the n-th poll, as Ctrl-C would be.
struct Interruption {};
std::int64_t polls_left = 0;

struct NoPollingAfterwards {
  ~NoPollingAfterwards() { set_polling(nullptr); }
};

struct NoFaultAfterwards {
  ~NoFaultAfterwards() { detail::set_file_fault(-1, detail::Fault::once); }
};

}  // namespace

TEST_CASE("a loaded model is the saved one, and goes on training from where it stopped") {
  const nn::Optimizer optimizers[] = {
      nn::Adam(),
      nn::AdamW({.learning_rate = 0.01}),
      nn::SGD({.learning_rate = nn::ExponentialDecay(
                   {.initial_learning_rate = 0.1, .decay_steps = 3, .decay_rate = 0.5}),
               .momentum = 0.9,
               .nesterov = true}),
      nn::RMSprop({.momentum = 0.5, .centered = true}),
      nn::Adagrad({.common = {.clipnorm = 0.5, .use_ema = true}}),
      nn::Adam({.common = {.gradient_accumulation_steps = 2}}),
  };
  for (const nn::Optimizer& optimizer : optimizers) {
    CAPTURE(optimizer->config().to_string());
    const TemporaryFolder folder;
    nn::Sequential model = compiled_model(optimizer);
    train(model);
    model.save(folder.path("model"));
    const auto loaded = nn::load_model(folder.path("model"));
    CHECK(loaded->config() == model.config());
    CHECK(loaded->compile_config() == model.compile_config());
    check_same_values(model, *loaded);
    train(model);
    train(*loaded);
    check_same_values(model, *loaded);
    CHECK(identical(loaded->predict(samples().x), model.predict(samples().x)));
  }
}

TEST_CASE("every kind of layer, frozen weights and models that were not compiled come back") {
  const TemporaryFolder folder;
  nn::Dense frozen({.units = 6, .use_bias = false, .name = "frozen"});
  frozen->trainable = false;
  nn::Sequential model(
      {nn::Input({2, 3}), nn::Flatten(), frozen, nn::Activation("relu"),
       nn::Dropout({.rate = 0.25, .seed = 7}), nn::Reshape({.target_shape = {3, 2}})},
      "all_layers");
  model.save(folder.path("model"));
  const auto loaded = nn::load_model(folder.path("model"));
  CHECK(loaded->name() == "all_layers");
  CHECK_FALSE(loaded->compiled());
  CHECK_FALSE(loaded->layer("frozen")->trainable);
  CHECK(loaded->config() == model.config());
  CHECK(loaded->output_shape() == Shape{kUnknown, 3, 2});
  const Tensor x = Tensor::full(DType::f32, {4, 2, 3}, 0.5);
  CHECK(identical(loaded->predict(x), model.predict(x)));
}

TEST_CASE("weights alone go into an equal model, whatever its layers' names") {
  const TemporaryFolder folder;
  nn::Sequential model = compiled_model();
  train(model);
  model.save_weights(folder.path("weights.safetensors"));
  nn::Sequential other = make_model();
  other.load_weights(folder.path("weights.safetensors"));
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(identical(other.get_weights()[i], model.get_weights()[i]));
  }

  nn::Sequential wider{nn::Input({3}), nn::Dense({.units = 5}), nn::Dense({.units = 2})};
  const std::vector<Tensor> before = wider.get_weights();
  CHECK_THROWS_AS(wider.load_weights(folder.path("weights.safetensors")), ShapeError);
  nn::Sequential shorter{nn::Input({3}), nn::Dense({.units = 4})};
  CHECK_THROWS_AS(shorter.load_weights(folder.path("weights.safetensors")), FormatError);
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(identical(wider.get_weights()[i], before[i]));
  }
}

TEST_CASE("a model that is not built cannot be saved, nor its weights") {
  const TemporaryFolder folder;
  const nn::Sequential model{nn::Dense({.units = 2})};
  CHECK_THROWS_AS(model.save(folder.path("model")), RunError);
  CHECK_THROWS_AS(model.save_weights(folder.path("file")), RunError);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a failing disk leaves the old model, at every operation") {
  const NoFaultAfterwards guard;
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  nn::Sequential model = compiled_model();
  model.save(path);
  const std::string old = contents_of(path);
  train(model);
  bool struck = true;
  int faults = 0;
  for (; struck; ++faults) {
    CAPTURE(faults);
    detail::set_file_fault(faults, detail::Fault::once);
    std::string error;
    try {
      model.save(path);
    } catch (const IoError& failed) {
      error = failed.what();
    }
    struck = detail::file_fault_struck();
    detail::set_file_fault(-1, detail::Fault::once);
    if (!struck) CHECK(error == "");
    const bool in_place = error.empty() || error.find("is written, but") != std::string::npos;
    CHECK((contents_of(path) == old) != in_place);
    CHECK(load_error(path) == "");
    if (in_place && struck) {  // start again from the old model
      const std::string config = old.substr(0, old.find("\n---\n"));
      const std::string weights = old.substr(old.find("\n---\n") + 5);
      const FolderEntry entries[] = {{"config.json", {config}}, {"weights.safetensors", {weights}}};
      write_folder_atomically(path, entries, [](const std::string&) { return true; });
    }
  }
  CHECK(faults > 10);
}

TEST_CASE("a folder that holds something else is not overwritten") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("home"));
  write_bytes(folder.path("home/thesis.txt"), "years of work");
  CHECK_THROWS_AS(make_model().save(folder.path("home")), InvalidArgument);
  CHECK(read_bytes(folder.path("home/thesis.txt")) == "years of work");
}

TEST_CASE("a damaged config.json gives an error of ours, wherever it is cut or changed") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model"), file = path + "/config.json";
  compiled_model().save(path);
  const std::string text = read_bytes(file);
  REQUIRE(load_error(path) == "");
  for (std::size_t size = 0; size + 2 < text.size(); size += 7) {  // all but the last newline
    CAPTURE(size);
    write_bytes(file, text.substr(0, size));
    CHECK(load_error(path).find("config.json") != std::string::npos);
  }
  for (std::size_t at = 0; at < text.size(); at += 5) {
    CAPTURE(at);
    std::string flipped = text;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    write_bytes(file, flipped);
    load_error(path);  // an error of ours, or a model with another name or number
  }
}

TEST_CASE("a damaged weights.safetensors gives an error of ours, wherever it is cut or changed") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model"), file = path + "/weights.safetensors";
  nn::Sequential model = compiled_model();
  model.save(path);
  const std::string bytes = read_bytes(file);
  for (std::size_t size = 0; size < bytes.size(); size += 13) {
    CAPTURE(size);
    write_bytes(file, bytes.substr(0, size));
    CHECK(load_error(path).find("weights.safetensors") != std::string::npos);
  }
  const std::size_t header = 8 + static_cast<unsigned char>(bytes[0]) +
                             256 * static_cast<std::size_t>(static_cast<unsigned char>(bytes[1]));
  for (std::size_t at = 0; at < header; at += 3) {
    CAPTURE(at);
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    write_bytes(file, flipped);
    load_error(path);  // an error of ours; a changed space is none
  }
}

TEST_CASE("configs that do not describe a model say what is wrong") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model"), file = path + "/config.json";
  compiled_model().save(path);
  const std::string text = read_bytes(file);
  struct Case {
    const char* from;
    const char* to;
    const char* error;
  };
  for (const Case& c : {
           Case{"\"version\": 2", "\"version\": 3", "reads versions 1 to 2"},
           Case{"\"version\": 2", "\"version\": \"2\"", "expected"},
           Case{"\"format\": \"tegula\"", "\"format\": \"other\"",
                "does not describe a Tegula model"},
           Case{"\"class_name\": \"Sequential\"", "\"class_name\": \"Functionel\"", "Functionel"},
           Case{"\"class_name\": \"Dense\"", "\"class_name\": \"Densa\"", "Dense"},
           Case{"\"units\": 4", "\"units\": -4", "units"},
           Case{"\"units\": 4", "\"units\": \"four\"", "units"},
           Case{"\"units\": 4", "\"unite\": 4", "unite"},
           Case{"\"units\": 4", "\"units\": 5", "layers/dense/0"},
           Case{"\"units\": 4", "\"units\": 4000000000000", "layers/dense/0"},
           Case{"\"units\": 4", "\"units\": 9000000000000000000", ""},
           Case{"\"units\": 4", "\"units\": 4, \"units\": 4", "twice"},
           Case{"\"activation\": \"tanh\"", "\"activation\": \"tank\"", "tanh"},
           Case{"\"class_name\": \"Adam\"", "\"class_name\": \"Adem\"", "Adam"},
           Case{"\"class_name\": \"Adam\"", "\"class_name\": \"SGD\"", "SGD"},
       }) {
    CAPTURE(c.to);
    write_bytes(file, replaced(text, c.from, c.to));
    const std::string error = load_error(path);
    CHECK(error != "");
    CHECK_MESSAGE(error.find(c.error) != std::string::npos, error);
  }
  write_bytes(file, std::string(100'000, '['));
  CHECK(load_error(path).find("nested") != std::string::npos);
}

TEST_CASE("missing folders and files are named") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  CHECK_THROWS_AS(nn::load_model(path), IoError);
  CHECK(load_error(path).find(path) != std::string::npos);
  compiled_model().save(path);
  std::filesystem::remove(path + "/weights.safetensors");
  CHECK_THROWS_AS(nn::load_model(path), IoError);
  CHECK(load_error(path).find("weights.safetensors") != std::string::npos);
}

TEST_CASE("a tensor that the model does not have is an error") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model"), file = path + "/weights.safetensors";
  compiled_model().save(path);
  io::Safetensors contents = io::read_safetensors(file);
  contents.tensors.push_back({"layers/dense/9", Tensor::zeros(DType::f32, {1})});
  io::write_safetensors(file, contents);
  CHECK_THROWS_AS(nn::load_model(path), FormatError);
}

TEST_CASE("reading ends at whichever poll is interrupted, and leaves the model as it was") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model");
  nn::Sequential saved = compiled_model();
  train(saved);
  saved.save(path);
  const NoPollingAfterwards cleanup;
  bool interrupted = true;
  std::int64_t polls = 0;
  for (; interrupted; ++polls) {
    nn::Sequential model = compiled_model();
    const std::vector<Tensor> before = model.get_weights();
    polls_left = polls;
    set_polling([] {
      if (polls_left-- == 0) throw Interruption();
    });
    interrupted = false;
    try {
      model.load_weights(path);
      nn::load_model(path);
    } catch (const Interruption&) {
      interrupted = true;
    }
    set_polling(nullptr);
    const std::vector<Tensor> after = model.get_weights();
    const bool loaded = identical(after[0], saved.get_weights()[0]);
    for (std::size_t i = 0; i < after.size(); ++i) {
      CHECK(identical(after[i], loaded ? saved.get_weights()[i] : before[i]));
    }
  }
  CHECK(polls > 4);
}
