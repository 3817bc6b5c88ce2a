// Layers, optimizers and the like from their descriptions: {"layer": {"class_name", "config"}}.

#include "src/io/json.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/nn/optimizer.hpp"
#include "tegula/nn/schedule.hpp"
#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

template <typename T>
void check_round_trip(const nn::Config& config) {
  T object;
  nn::from_config(config, object);
  const nn::Config described = nn::to_config(object);
  T again;
  try {
    nn::from_config(described, again);
  } catch (const Error& error) {
    throw BrokenProperty(std::string("an object can be made from its description: ") +
                         error.what());
  }
  require(nn::to_config(again) == described, "an object made from a description has the same one");
}

struct Kind {
  std::string_view name;
  void (*check)(const nn::Config& config);
};
constexpr Kind kKinds[] = {{"layer", check_round_trip<nn::Handle<nn::LayerBase>>},
                           {"optimizer", check_round_trip<nn::Optimizer>},
                           {"loss", check_round_trip<nn::Loss>},
                           {"metric", check_round_trip<nn::Metric>},
                           {"initializer", check_round_trip<nn::Initializer>},
                           {"regularizer", check_round_trip<nn::Regularizer>},
                           {"constraint", check_round_trip<nn::Constraint>},
                           {"schedule", check_round_trip<nn::Schedule>},
                           {"activation", check_round_trip<nn::Activation>},
                           {"shape", check_round_trip<Shape>}};

void run(std::string_view input) {
  const nn::Config config = io::parse_json(input, "input");
  for (const Kind& kind : kKinds) {
    if (const nn::Config* described = config.find(kind.name)) kind.check(*described);
  }
}

}  // namespace

const Target objects = {"objects", run, mutate_json};

}  // namespace tegula::fuzz
