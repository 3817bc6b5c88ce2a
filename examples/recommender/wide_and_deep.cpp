// Predicts clicks from ids and numbers: a linear model of the ids beside a network on their
// embeddings (Cheng and others, "Wide & deep learning for recommender systems", 2016). clicks.py
// writes the data.
//
//   wide_and_deep [--epochs N] [--seed N] [--data FILE]

#include <cstdio>
#include <exception>

#include "../options.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kRows = 1'001'000;  // items, then groups of users

nn::Model network() {
  const nn::Input ids({.shape = {2}, .dtype = "int32", .name = "ids"});
  const nn::Input numbers({.shape = {8}, .name = "numbers"});
  const nn::Embedding weights(
      {.input_dim = kRows, .output_dim = 1, .embeddings_initializer = "zeros"});
  const nn::Embedding embeddings({.input_dim = kRows, .output_dim = 16});
  const Value wide = nn::Flatten()(weights(ids));
  Value deep = nn::Concatenate()({nn::Flatten()(embeddings(ids)), numbers});
  for (const std::int64_t units : {64, 32}) {
    deep = nn::Dense({.units = units, .activation = "relu"})(deep);
  }
  const Value both = nn::Concatenate()({wide, numbers, deep});
  const Value clicked = nn::Dense({.units = 1, .activation = "sigmoid", .name = "clicked"})(both);
  return {nn::Values::named({"ids", "numbers"}, {ids, numbers}), clicked};
}

data::Dataset part_of(const io::Safetensors& file, const std::string& part) {
  return {Tensors::named({"ids", "numbers"}, {file.at(part + "/ids"), file.at(part + "/numbers")}),
          file.at(part + "/clicked")};
}

void run(std::map<std::string, std::string> options) {
  nn::set_random_seed(std::stoull(options["--seed"]));
  const io::Safetensors clicks = io::read_safetensors(options["--data"]);
  nn::Model model = network();
  model.compile({.optimizer = nn::Adam({.learning_rate = 1e-3}),
                 .loss = nn::BinaryCrossentropy(),
                 .metrics = {nn::metrics::AUC({.name = "auc"})}});
  std::printf("%s", model.summary().c_str());
  model.fit(part_of(clicks, "train"), {.batch_size = 1024,
                                       .epochs = std::stoll(options["--epochs"]),
                                       .validation_data = part_of(clicks, "test")});
  std::printf("the best possible AUC is %s\n", clicks.metadata.at("best_auc").c_str());
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "1"}, {"--seed", "1"}, {"--data", "clicks.safetensors"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
