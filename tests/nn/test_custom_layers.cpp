// Layers of the user's own: sublayers, state that `call` assigns, losses, and layers that move.

#include <doctest/doctest.h>

#include "tegula/tegula.hpp"

using namespace tegula;

namespace {

struct NoOptions {
  std::string name = {};
  static auto fields() {
    return std::tuple{nn::field<&NoOptions::name>("name", "Name of the layer.")};
  }
};

/// Two Dense layers, a scale, and a count of calls.
class BlockLayer : public nn::LayerWithOptions<BlockLayer, NoOptions> {
 public:
  static constexpr const char* kName = "Block";
  static constexpr const char* kDoc = "For tests.";
  explicit BlockLayer(NoOptions options) : LayerWithOptions(std::move(options)) {
    add_sublayer(first_.shared());
    add_sublayer(second_.shared());
    scale_ = add_weight("scale", {}, "ones");
  }
  const nn::Weight& count() const { return count_; }
  const nn::Layer& first() const { return first_; }

 protected:
  void build_weights(const ValueType& /*input*/) override {
    count_ = add_weight("count", {}, "zeros", {}, {}, false);
    shift_ = add_weight("shift", {2}, "ones");
  }
  Value call(Value x, bool training) override {
    count_.assign_add(1.0);
    return (*second_)((*first_)(x, training), training) * scale_ + shift_ + (count_ - count_);
  }

 private:
  nn::Dense first_{{.units = 3, .kernel_initializer = "ones"}};
  nn::Dense second_{{.units = 2, .kernel_initializer = "ones"}};
  nn::Weight scale_;
  nn::Weight count_;
  nn::Weight shift_;
};
using Block = nn::MakeLayer<BlockLayer>;

BlockLayer& block_of(const nn::Layer& layer) { return dynamic_cast<BlockLayer&>(*layer); }

const Tensor kInput = Tensor::full(DType::f32, {4, 3}, 0.5);
const Tensor kTarget = Tensor::zeros(DType::f32, {4, 2});

}  // namespace

TEST_CASE("sublayers belong to the layer: counted, trained, frozen and saved with it") {
  const Block block;
  nn::Sequential model{nn::Input({3}), block};
  std::vector<std::string> names;
  for (const nn::Weight& weight : block->weights()) names.push_back(weight.name());
  CHECK(names ==
        std::vector<std::string>{"scale", "shift", "count", "kernel", "bias", "kernel", "bias"});
  CHECK(block->weights()[3].path() ==
        block->name() + "/" + block_of(block).first()->name() + "/kernel");
  CHECK(model.weights().size() == 7);
  CHECK(model.trainable_weights().size() == 6);

  model.compile({.optimizer = nn::SGD({.learning_rate = 0.01}), .loss = nn::MeanSquaredError()});
  const std::vector<Tensor> before = block->get_weights();
  model.train_on_batch({kInput, kTarget});
  const std::vector<Tensor> after = block->get_weights();
  for (std::size_t i = 0; i < before.size(); ++i) {
    CAPTURE(names[i]);
    CHECK_FALSE(identical(before[i], after[i]));
  }

  block->set_trainable(false);
  CHECK(model.trainable_weights().empty());
  CHECK_FALSE(block_of(block).first()->trainable);
}

TEST_CASE("freezing counts when the first training step after compile is built") {
  nn::Dense first({.units = 3, .kernel_initializer = "ones"});
  nn::Sequential model{nn::Input({3}), first, nn::Dense({.units = 2})};
  model.compile({.optimizer = nn::Adam(), .loss = nn::MeanSquaredError()});
  first->trainable = false;
  const std::vector<Tensor> before = first->get_weights();
  model.train_on_batch({kInput, kTarget});
  CHECK(identical(before[0], first->get_weights()[0]));
  CHECK(model.optimizer_variables().size() == 2 + 2 * 2);
  first->trainable = true;
  model.train_on_batch({kInput, kTarget});
  CHECK(identical(before[0], first->get_weights()[0]));
  model.compile({.optimizer = nn::Adam(), .loss = nn::MeanSquaredError()});
  model.train_on_batch({kInput, kTarget});
  CHECK_FALSE(identical(before[0], first->get_weights()[0]));
}

TEST_CASE("what `call` assigns takes effect in training, evaluation and prediction") {
  const Block block;
  nn::Sequential model{nn::Input({3}), block};
  const auto count = [&] { return block_of(block).count().get().item(); };
  CHECK(count() == 0);
  model.predict(kInput);
  CHECK(count() == 1);
  model.call(kInput, true);
  CHECK(count() == 2);
  model.compile({.optimizer = nn::SGD(), .loss = nn::MeanSquaredError()});
  model.train_on_batch({kInput, kTarget});
  model.test_on_batch({kInput, kTarget});
  CHECK(count() == 4);
  block->evaluate(kInput, false);
  CHECK(count() == 5);
}

TEST_CASE("a layer built alone keeps its values in models, and when these are gone") {
  nn::Dense dense({.units = 2});
  dense->build(ValueType{DType::f32, {kUnknown, 3}});
  const Tensor kernel = dense->get_weights()[0];
  CHECK(kernel.shape() == Shape{3, 2});
  const Tensor alone = dense->evaluate(kInput, false);
  {
    nn::Sequential model{nn::Input({3}), dense};
    CHECK(identical(model.predict(kInput), alone));
    nn::Sequential other{nn::Input({3}), dense};
    CHECK(identical(other.predict(kInput), alone));
  }
  CHECK(identical(dense->evaluate(kInput, false), alone));
  nn::Sequential next{nn::Input({3}), dense};
  CHECK(identical(next.predict(kInput), alone));
}

TEST_CASE("a model with nothing to train logs the loss and changes nothing") {
  nn::Sequential model{nn::Input({2}), nn::Flatten()};
  model.compile({.optimizer = nn::SGD(), .loss = nn::MeanSquaredError()});
  const Tensor twos = Tensor::full(DType::f32, {4, 2}, 2);
  const nn::History history =
      model.fit({twos, kTarget}, {.epochs = 2, .verbose = nn::Verbose::silent});
  CHECK(history.values[0].second.size() == 2);
}

TEST_CASE("an assignment node in `call` is refused, because no step would run it") {
  struct LostLayer : nn::LayerBase {
    LostLayer() { set_name("", "Lost"); }
    std::string_view class_name() const override { return "Lost"; }
    nn::Config config() const override { return nn::Config::object({}); }
    Value call(Value x, bool /*training*/) override {
      Graph graph = x.graph();
      assign_add(graph.variable(Tensor::scalar(0.0f)), 1.0);
      return x;
    }
  };
  CHECK_THROWS_WITH_AS((nn::Sequential{nn::Input({3}), nn::Layer(std::make_shared<LostLayer>())}),
                       doctest::Contains("builds an assignment in `call`, which no step would run"),
                       InvalidArgument);
}
