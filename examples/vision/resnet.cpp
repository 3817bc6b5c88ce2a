// Trains a small residual network on Fashion-MNIST: at least 92.5 % of the test images in eight
// epochs. The four files of the data set are in the Debian package dataset-fashion-mnist.
//
//   resnet [--epochs N] [--seed N] [--samples N] [--blocks N] [--data FOLDER]

#include <algorithm>
#include <cstdio>
#include <exception>
#include <random>

#include "../options.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kSize = 28;
constexpr std::int64_t kPixels = kSize * kSize;
constexpr std::int64_t kMoves = 2;  // pixels in each direction

/// Images as [n, 28, 28, 1] instead of rows of 784.
data::Dataset as_images(const data::Dataset& rows) {
  const Tensor& x = rows.x;
  return {x.reshaped({x.shape()[0], kSize, kSize, 1}), rows.y};
}

/// The image moved by whole pixels, with zeros where nothing comes from, and mirrored or not.
void vary(const float* image, float* varied, std::int64_t down, std::int64_t right, bool mirrored) {
  std::fill_n(varied, kPixels, 0.0f);
  for (std::int64_t y = std::max<std::int64_t>(0, down); y < std::min(kSize, kSize + down); ++y) {
    for (std::int64_t x = std::max<std::int64_t>(0, right); x < std::min(kSize, kSize + right);
         ++x) {
      const float pixel = image[(y - down) * kSize + x - right];
      varied[y * kSize + (mirrored ? kSize - 1 - x : x)] = pixel;
    }
  }
}

/// Batches in a new order each epoch, every image mirrored or not and moved by up to two pixels.
class Varied : public data::BatchSource {
 public:
  Varied(data::Dataset images, std::int64_t batch_size, std::uint64_t seed)
      : images_(std::move(images)), batches_(images_.size(), batch_size), seed_(seed) {}

  std::optional<data::Batch> next() override {
    if (batch_ == batches_.count()) return std::nullopt;
    const std::span<const data::RowIndex> rows = batches_[batch_++];
    const auto count = static_cast<std::int64_t>(rows.size());
    Tensor x(DType::f32, {count, kSize, kSize, 1});
    Tensor y(DType::i32, {count});
    const Tensor& pixels = images_.x;
    const Tensor& classes = images_.y;
    std::uniform_int_distribution<std::int64_t> moves(-kMoves, kMoves);
    std::bernoulli_distribution mirrored(0.5);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = rows[static_cast<std::size_t>(i)];
      vary(pixels.data<float>() + row * kPixels, x.data<float>() + i * kPixels, moves(random_),
           moves(random_), mirrored(random_));
      y.data<std::int32_t>()[i] = classes.data<std::int32_t>()[row];
    }
    return data::Batch{.x = x, .y = y};
  }

  bool rewind() override {
    batch_ = 0;
    batches_.start_epoch(seed_, epoch_);
    random_.seed(seed_ + epoch_);
    ++epoch_;
    return true;
  }

  std::optional<std::int64_t> count() const override { return batches_.count(); }

 private:
  data::Dataset images_;
  data::Batches batches_;
  std::uint64_t seed_;
  std::uint64_t epoch_ = 0;
  std::int64_t batch_ = 0;
  std::mt19937_64 random_;
};

Value convolution_and_norm(Value x, std::int64_t filters, std::int64_t kernel_size,
                           std::int64_t strides = 1) {
  const nn::Conv2D convolution({.filters = filters,
                                .kernel_size = kernel_size,
                                .strides = strides,
                                .padding = "same",
                                .use_bias = false,
                                .kernel_initializer = "he_normal",
                                .kernel_regularizer = nn::L2({.l2 = 2.5e-4})});
  return nn::BatchNormalization({.momentum = 0.9})(convolution(x));
}

/// He and others, "Deep residual learning for image recognition", 2016.
Value residual(Value x, std::int64_t filters, std::int64_t strides) {
  Value y = nn::ReLU()(convolution_and_norm(x, filters, 3, strides));
  y = convolution_and_norm(y, filters, 3);
  if (strides > 1) x = convolution_and_norm(x, filters, 1, strides);
  return nn::ReLU()(nn::Add()({x, y}));
}

nn::Model network(std::int64_t blocks) {
  const nn::Input images({kSize, kSize, 1});
  Value x = nn::ReLU()(convolution_and_norm(images, 16, 3));
  for (const std::int64_t filters : {16, 32, 64}) {
    for (std::int64_t block = 0; block < blocks; ++block) {
      x = residual(x, filters, filters > 16 && block == 0 ? 2 : 1);
    }
  }
  x = nn::GlobalAveragePooling2D()(x);
  return {images, nn::Dense({.units = 10, .activation = "softmax"})(x)};
}

void run(std::map<std::string, std::string> options) {
  const std::uint64_t seed = std::stoull(options["--seed"]);
  nn::set_random_seed(seed);
  const std::int64_t epochs = std::stoll(options["--epochs"]);
  const auto [train_rows, test_rows] = data::mnist(options["--data"]);
  const std::int64_t samples = std::stoll(options["--samples"]);
  Varied train(as_images(train_rows.slice(0, std::min(samples, train_rows.size()))), 128, seed);
  const data::Dataset test = as_images(test_rows.slice(0, std::min(samples, test_rows.size())));

  const std::int64_t steps = epochs * *train.count();
  const std::int64_t warmup = *train.count() / 2;
  nn::Model model = network(std::stoll(options["--blocks"]));
  const nn::CosineDecay rate({.initial_learning_rate = 0,
                              .decay_steps = steps - warmup,
                              .warmup_target = 0.1,
                              .warmup_steps = warmup});
  model.compile({.optimizer = nn::SGD({.learning_rate = rate, .momentum = 0.9, .nesterov = true}),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  std::printf("%s", model.summary().c_str());
  model.fit(train, {.epochs = epochs, .validation_data = test});
  const nn::Logs result = model.evaluate(test, {.verbose = nn::Verbose::silent});
  std::printf("test loss %.4f, test accuracy %.4f\n", result.at("loss"), result.at("accuracy"));
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "8"},
               {"--seed", "1"},
               {"--samples", "60000"},
               {"--blocks", "2"},
               {"--data", "/usr/share/datasets/fashion-mnist"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
