// Files of other formats are told by name and contents, and models' files by their users' mistakes.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using namespace std::string_literals;
using test::TemporaryFolder;
using test::write_bytes;

namespace {

nn::Sequential make_model() {
  return nn::Sequential{nn::Input({3}), nn::Dense({.units = 4}), nn::Dense({.units = 2})};
}

template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Foreign {
  const char* name;
  std::string bytes;
  const char* format;
};

const std::string kZip = "PK\x03\x04"s + std::string(26, '\0');

const Foreign kForeign[] = {
    {"real.keras", kZip + "metadata.json{}", "Keras archive"},
    {"renamed", kZip + "metadata.json{}", "Keras archive"},
    {"model.h5", "\x89HDF\r\n\x1a\n"s + "data", "HDF5"},
    {"renamed", "\x89HDF\r\n\x1a\n"s + "data", "HDF5"},
    {"model.tflite", "\x1c\0\0\0TFL3"s + "data", "TensorFlow Lite"},
    {"renamed", "\x1c\0\0\0TFL3"s + "data", "TensorFlow Lite"},
    {"model.onnx", "\x08\x08\x12\x07pytorch"s, "ONNX"},
    {"saved_model.pb", "\x08\x01", "SavedModel"},
    {"model.pt", kZip + "archive/data.pkl", "zip archive"},
    {"weights.npz", kZip + "w.npy", "zip archive"},
    {"weights.npy", "\x93NUMPY\x01"s, "NumPy"},
    {"model.pkl", "\x80\x04\x95"s, "pickle"},
};

}  // namespace

TEST_CASE("a file of another format is named when it is loaded") {
  for (const Foreign& file : kForeign) {
    CAPTURE(file.name);
    const TemporaryFolder folder;
    write_bytes(folder.path(file.name), file.bytes);
    const std::string model = error_of([&] { nn::load_model(folder.path(file.name)); });
    CHECK_MESSAGE(contains(model, file.format), model);
    CHECK_MESSAGE(contains(model, "load_model reads the folders that `save` wrote"), model);
    nn::Sequential own = make_model();
    const std::string weights = error_of([&] { own.load_weights(folder.path(file.name)); });
    CHECK_MESSAGE(contains(weights, file.format), weights);
    CHECK_MESSAGE(contains(weights, "safetensors"), weights);
  }
}

TEST_CASE("a folder of another format is named when it is loaded") {
  struct Folder {
    const char* file;
    const char* config;
    const char* format;
  };
  for (const Folder& c : {Folder{"saved_model.pb", nullptr, "SavedModel"},
                          Folder{"checkpoint", nullptr, "TensorFlow checkpoint"},
                          Folder{"model.weights.h5", R"({"module": "keras"})", "Keras"},
                          Folder{"something", nullptr, "no config.json"},
                          Folder{"tokenizer.json", R"({"model_type": "bert"})",
                                 "does not describe a Tegula model"}}) {
    CAPTURE(c.file);
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path("model"));
    write_bytes(folder.path("model/") + c.file, "\x08\x01");
    if (c.config != nullptr) write_bytes(folder.path("model/config.json"), c.config);
    const std::string error = error_of([&] { nn::load_model(folder.path("model")); });
    CHECK_MESSAGE(contains(error, c.format), error);
  }
}

TEST_CASE("a name that promises another format is refused, and one that works is given") {
  for (const char* name : {"my_model.keras", "m.h5", "M.H5", "m.hdf5", "m.tflite", "m.onnx", "m.pb",
                           "cp-0001.ckpt", "m.pt", "m.pkl", "w.npz"}) {
    CAPTURE(name);
    const TemporaryFolder folder;
    const nn::Sequential model = make_model();
    const std::string saving = error_of([&] { model.save(folder.path(name)); });
    CHECK_MESSAGE(contains(saving, ".tegula\""), saving);
    const std::string weights = error_of([&] { model.save_weights(folder.path(name)); });
    CHECK_MESSAGE(contains(weights, ".safetensors\""), weights);
    const auto checkpoint = [&](bool weights_only) {
      return error_of([&] {
        nn::ModelCheckpoint({.filepath = folder.path(name), .save_weights_only = weights_only});
      });
    };
    CHECK(checkpoint(false) == saving);
    CHECK(checkpoint(true) == weights);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("load_weights takes the weights of a saved model, compiled or not") {
  for (const bool compiled : {false, true}) {
    const TemporaryFolder folder;
    nn::Sequential model = make_model();
    if (compiled) model.compile({.optimizer = "adam", .loss = "mse"});
    model.save(folder.path("model"));
    nn::Sequential other = make_model();
    other.load_weights(folder.path("model"));
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(identical(other.get_weights()[i], model.get_weights()[i]));
    }
  }
}

TEST_CASE("a file of weights is no model, and says where it belongs") {
  const TemporaryFolder folder;
  make_model().save_weights(folder.path("w.safetensors"));
  const std::string error = error_of([&] { nn::load_model(folder.path("w.safetensors")); });
  CHECK_MESSAGE(contains(error, "load_weights"), error);
}

TEST_CASE("load_weights with skip_mismatch sets the layers that fit and warns of the others") {
  const TemporaryFolder folder;
  const nn::Sequential model = make_model();
  model.save_weights(folder.path("w.safetensors"));
  nn::Sequential wider{nn::Input({3}), nn::Dense({.units = 4}),
                       nn::Dense({.units = 5, .name = "head"}), nn::Dense({.units = 1})};
  const std::vector<Tensor> before = wider.get_weights();
  std::string warnings;
  nn::set_warning_output([&](std::string_view text) { warnings += std::string(text) + "\n"; });
  wider.load_weights(folder.path("w.safetensors"), /*skip_mismatch=*/true);
  nn::set_warning_output([](std::string_view) {});
  const std::vector<Tensor> after = wider.get_weights();
  for (std::size_t i = 0; i < 2; ++i) CHECK(identical(after[i], model.get_weights()[i]));
  for (std::size_t i = 2; i < after.size(); ++i) CHECK(identical(after[i], before[i]));
  CHECK_MESSAGE(contains(warnings, "\"head\""), warnings);
  CHECK_MESSAGE(contains(warnings, "layers/dense_2/0"), warnings);
}
