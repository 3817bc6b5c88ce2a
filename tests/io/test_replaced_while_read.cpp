// Readers of a model's folder that another process replaces all the time.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "tegula/core/error.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/saved_model.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;

namespace {

/// A model whose config and weights both say which version it is.
nn::Sequential version(std::int64_t units) {
  nn::Sequential model({nn::Input({2}), nn::Dense({.units = units, .use_bias = false})},
                       "version_" + std::to_string(units));
  model.set_weights({Tensor::full(DType::f32, {2, units}, static_cast<double>(units))});
  return model;
}

/// A process that saves two versions in turn until it is killed.
class Saver {
 public:
  explicit Saver(const std::string& path) : process_(::fork()) {
    REQUIRE(process_ >= 0);
    if (process_ != 0) return;
    const nn::Sequential first = version(3), second = version(4);
    for (;;) {
      first.save(path);
      second.save(path);
    }
  }
  ~Saver() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

 private:
  pid_t process_;
};

}  // namespace

TEST_CASE("what is loaded while another process saves is of one version") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("model");
  version(3).save(path);
  int loaded[2] = {0, 0};
  {
    const Saver saver(path);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (std::chrono::steady_clock::now() < end) {
      const auto model = nn::load_model(path);
      const auto units = model->output_shape()[1];
      REQUIRE(model->get_weights()[0].to_string() == version(units).get_weights()[0].to_string());
      nn::Sequential equal = version(units);
      try {
        equal.load_weights(path);  // of one version: they fit or they do not
      } catch (const ShapeError&) {
      }
      ++loaded[units - 3];
    }
  }
  CHECK(loaded[0] > 0);
  CHECK(loaded[1] > 0);
  version(3).save(path);
  CHECK(test::names_in(folder.path()) == std::vector<std::string>{"model"});
}
