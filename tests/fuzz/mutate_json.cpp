// Changes of JSON that leave it JSON: another value, entry or name at a place chosen by chance.

#include <iterator>

#include "src/io/json.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/nn/optimizer.hpp"
#include "tegula/nn/schedule.hpp"
#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

using nn::Config;

template <typename Base>
void append_names(std::vector<std::string>& words) {
  for (const nn::ObjectClass<Base>& known : nn::object_classes<Base>()) {
    words.push_back(known.name);
    for (const nn::FieldInfo& field : known.fields) words.push_back(field.name);
  }
}

/// Names of classes and options.
const std::vector<std::string>& known_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all = {"class_name", "config",  "registered_name", "name", "layers",
                                    "trainable",  "version", "float32",         "",     "mean",
                                    "a/b:0"};
    append_names<nn::LayerBase>(all);
    append_names<nn::OptimizerBase>(all);
    append_names<nn::LossBase>(all);
    append_names<nn::MetricBase>(all);
    append_names<nn::InitializerBase>(all);
    append_names<nn::RegularizerBase>(all);
    append_names<nn::ScheduleBase>(all);
    for (const nn::ActivationInfo& known : nn::activations()) all.push_back(known.name);
    return all;
  }();
  return words;
}

class Mutation {
 public:
  Mutation(const Config& root, Dice& dice, ChangeBytes change)
      : root_(root), dice_(dice), change_(change) {
    collect(root);
  }

  Config apply() {
    target_ = nodes_[dice_(nodes_.size())];
    return copy(root_);
  }

 private:
  void collect(const Config& node) {
    nodes_.push_back(&node);
    if (node.is_list()) {
      for (const Config& item : node.as_list()) collect(item);
    } else if (node.is_object()) {
      for (const auto& [key, value] : node.as_object()) collect(value);
    }
  }

  const std::string& word() { return known_words()[dice_(known_words().size())]; }

  Config value() {
    static const Config kNumbers[] = {0,   1,   2,    3,     -1,    7,   0.5,       1e-7,
                                      1.0, 1e9, -0.0, 1e300, 1e-45, 2.5, INT64_MAX, INT64_MIN};
    switch (dice_(7)) {
      case 0:
        return {};
      case 1:
        return dice_(2) == 0;
      case 2:
        return kNumbers[dice_(std::size(kNumbers))];
      case 3:
        return word();
      case 4:
        return Config::List{*nodes_[dice_(nodes_.size())]};
      case 5:
        return Config::object({{"class_name", word()}, {"config", Config::Object()}});
      default:
        return *nodes_[dice_(nodes_.size())];
    }
  }

  Config changed(const Config& node) {
    if (node.is_string() && dice_(2) == 0) {
      constexpr std::size_t kLongest = 64;
      return change_(node.as_string(), kLongest);
    }
    if (node.is_list() && dice_(3) != 0) return changed_list(node.as_list());
    if (node.is_object() && dice_(4) != 0) return changed_object(node.as_object());
    return value();
  }

  Config changed_list(Config::List list) {
    if (list.empty() || dice_(2) == 0) {
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(dice_(list.size() + 1)), value());
    } else {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(dice_(list.size())));
    }
    return list;
  }

  Config changed_object(Config::Object object) {
    const std::size_t place = object.empty() ? 0 : dice_(object.size());
    switch (dice_(3)) {
      case 0:
        if (!object.empty()) object.erase(object.begin() + static_cast<std::ptrdiff_t>(place));
        return object;
      case 1:
        if (!object.empty()) object[place].first = word();
        return object;
      default:
        object.emplace_back(word(), value());
        return object;
    }
  }

  Config copy(const Config& node) {
    if (&node == target_) return changed(node);
    if (node.is_list()) {
      Config::List list;
      for (const Config& item : node.as_list()) list.push_back(copy(item));
      return list;
    }
    if (!node.is_object()) return node;
    Config::Object object;
    for (const auto& [key, value] : node.as_object()) object.emplace_back(key, copy(value));
    return object;
  }

  const Config& root_;
  Dice& dice_;
  ChangeBytes change_;
  std::vector<const Config*> nodes_;
  const Config* target_ = nullptr;
};

}  // namespace

std::string mutate_json(std::string_view input, std::size_t max_bytes, Dice& dice,
                        ChangeBytes change) {
  if (dice(8) == 0) return change(input, max_bytes);
  try {
    const Config config = io::parse_json(input, "input");
    std::string changed = io::to_json(Mutation(config, dice, change).apply());
    if (changed.size() <= max_bytes) return changed;
  } catch (const std::exception&) {
    // No JSON, or bytes that are no text of JSON.
  }
  return change(input, max_bytes);
}

}  // namespace tegula::fuzz
