// Folders of saved models: config.json and weights.safetensors, one after the other.

#include "tegula/core/error.hpp"
#include "tegula/nn/model.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tegula::fuzz {

namespace {

constexpr std::size_t kFiles = 2;

void check_same(const nn::Model& a, const nn::Model& b) {
  require(a.config() == b.config(), "a saved model has the same layers");
  require(a.compile_config() == b.compile_config(), "a saved model is compiled alike");
  require(a.random_state() == b.random_state(), "a saved model draws the same numbers");
  const std::vector<Tensor> weights = a.get_weights(), saved = b.get_weights();
  require(weights.size() == saved.size(), "a saved model has all its weights");
  for (std::size_t i = 0; i < weights.size(); ++i) {
    require(identical(weights[i], saved[i]), "a saved model has the same weights");
  }
}

void run(std::string_view input) {
  static const test::TemporaryFolder folder;
  const std::vector<std::string> parts = parts_of(input, kFiles);
  std::filesystem::create_directories(folder.path("model"));
  test::write_bytes(folder.path("model/config.json"), parts[0]);
  test::write_bytes(folder.path("model/weights.safetensors"), parts[1]);
  const std::unique_ptr<nn::Model> model = nn::load_model(folder.path("model"));
  model->save(folder.path("again"));
  try {
    check_same(*model, *nn::load_model(folder.path("again")));
  } catch (const Error& error) {
    throw BrokenProperty(std::string("what was saved can be loaded: ") + error.what());
  }
}

std::string mutate(std::string_view input, std::size_t max_bytes, Dice& dice, ChangeBytes change) {
  std::vector<std::string> parts = parts_of(input, kFiles);
  const bool config = dice(3) != 0;
  std::string& part = config ? parts[0] : parts[1];
  part = (config ? mutate_json : mutate_safetensors)(part, max_bytes, dice, change);
  std::string changed = join_parts(parts);
  return changed.size() <= max_bytes ? changed : std::string(input);
}

}  // namespace

const Target saved_model = {"saved_model", run, mutate};

}  // namespace tegula::fuzz
