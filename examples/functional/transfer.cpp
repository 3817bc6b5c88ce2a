// Transfer learning: a network learns the digits 0 to 4; its frozen features, under a new head,
// learn 5 to 9 from few examples. The result is saved and loaded.
//
//   transfer [--epochs N] [--seed N] [--data FOLDER] [--save FOLDER]

#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "../options.hpp"

using namespace tegula;

namespace {

/// The images of the digits from `low` to `high`, at most `count`, and their labels from 0 on.
data::Dataset digits(const data::Dataset& all, std::int64_t low, std::int64_t high,
                     std::size_t count) {
  const Tensor& x = all.x;
  const Tensor& y = all.y;
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < all.size() && chosen.size() < count; ++i) {
    if (y.at(i) >= low && y.at(i) <= high) chosen.push_back(i);
  }
  const auto found = static_cast<std::int64_t>(chosen.size());
  Tensor images(DType::f32, {found, 28, 28, 1});
  Tensor labels(DType::i32, {found});
  for (std::int64_t row = 0; row < found; ++row) {
    const std::int64_t from = chosen[static_cast<std::size_t>(row)];
    std::copy_n(x.data<float>() + from * 784, 784, images.data<float>() + row * 784);
    labels.set(row, y.at(from) - static_cast<double>(low));
  }
  return {images, labels};
}

/// Anew for each model, which owns its optimizer.
nn::CompileOptions classification() {
  return {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}};
}

void run(std::map<std::string, std::string> options) {
  nn::set_random_seed(std::stoull(options["--seed"]));
  const std::int64_t epochs = std::stoll(options["--epochs"]);
  const auto [train, test] = data::mnist(options["--data"]);
  constexpr std::size_t kAll = 60000;

  const nn::Input image({28, 28, 1});
  Value x = nn::Conv2D({.filters = 16, .kernel_size = 3, .activation = "relu"})(image);
  x = nn::MaxPooling2D()(x);
  x = nn::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"})(x);
  const Value features = nn::Flatten()(nn::MaxPooling2D()(x));
  nn::Model base(image, nn::Dense({.units = 5, .activation = "softmax"})(features));
  base.compile(classification());
  base.fit(digits(train, 0, 4, kAll), {.batch_size = 64, .epochs = epochs});

  const nn::Layer frozen = nn::Model(image, features).layer();
  frozen->set_trainable(false);
  const nn::Input other({28, 28, 1});
  const Value hidden =
      nn::Dense({.units = 64, .activation = "relu"})(frozen(other, /*training=*/false));
  nn::Model model(other, nn::Dense({.units = 5, .activation = "softmax"})(hidden));
  model.compile(classification());
  std::printf("%s", model.summary().c_str());
  const data::Dataset new_digits = digits(test, 5, 9, kAll);
  model.fit(digits(train, 5, 9, 2000),
            {.batch_size = 32, .epochs = 5 * epochs, .validation_data = new_digits});

  model.save(options["--save"]);
  const auto loaded = nn::load_model(options["--save"]);
  const Tensor some = new_digits.x->rows(0, 32);
  std::printf(
      "saved to %s; the loaded model predicts %s\n", options["--save"].c_str(),
      identical(loaded->predict(some), model.predict(some)) ? "the same" : "something else");
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "2"},
               {"--seed", "1"},
               {"--data", "examples/mnist/data"},
               {"--save", "transfer.tegula"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
