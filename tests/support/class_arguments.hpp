#pragma once
// Arguments for tests that make every class of the tables.

#include <string_view>

#include "tegula/nn/config.hpp"

namespace tegula::test {

/// Arguments of classes that cannot be made without.
inline nn::Config required_arguments(std::string_view class_name) {
  using nn::Config;
  if (class_name == "Dense" || class_name.find("RNN") != class_name.npos ||
      class_name.starts_with("LSTM") || class_name.starts_with("GRU")) {
    return Config::object({{"units", 3}});
  }
  if (class_name == "Reshape") return Config::object({{"target_shape", Config::List{-1, 2}}});
  if (class_name.ends_with("Dropout")) return Config::object({{"rate", 0.5}});
  if (class_name == "GaussianNoise") return Config::object({{"stddev", 0.5}});
  if (class_name == "EinsumDense") {
    return Config::object({{"equation", "ab,bc->ac"}, {"output_shape", 3}});
  }
  if (class_name == "MultiHeadAttention") return Config::object({{"num_heads", 2}, {"key_dim", 3}});
  if (class_name == "GroupQueryAttention") {
    // Either number of heads may be 1 or 1000 then, and the other divides it.
    return Config::object({{"head_dim", 2}, {"num_query_heads", 1000}, {"num_key_value_heads", 1}});
  }
  if (class_name == "RandomTranslation") {
    return Config::object({{"height_factor", 0.5}, {"width_factor", 0.5}});
  }
  if (class_name == "RandomZoom") return Config::object({{"height_factor", 0.5}});
  for (const std::string_view name :
       {"RandomRotation", "RandomBrightness", "RandomContrast", "RandomSaturation", "RandomHue",
        "RandomColorDegeneration", "RandomPosterization", "RandomSharpness"}) {
    // The one number that is within the range of all of them.
    if (class_name == name) return Config::object({{"factor", 1}});
  }
  if (class_name == "Resizing" || class_name == "CenterCrop" || class_name == "RandomCrop") {
    return Config::object({{"height", 2}, {"width", 3}});
  }
  if (class_name.starts_with("Adaptive")) return Config::object({{"output_size", 2}});
  if (class_name == "Activation") return Config::object({{"activation", "relu"}});
  if (class_name == "InputLayer") return Config::object({{"shape", Config::List{4}}});
  if (class_name.starts_with("Conv") || class_name.starts_with("SeparableConv")) {
    if (class_name != "Concatenate") return Config::object({{"filters", 1000}, {"kernel_size", 2}});
  }
  if (class_name.starts_with("DepthwiseConv")) return Config::object({{"kernel_size", 2}});
  if (class_name.starts_with("AveragePooling")) return Config::object({{"pool_size", 2}});
  if (class_name.starts_with("SpatialDropout")) return Config::object({{"rate", 0.5}});
  if (class_name == "Dot") return Config::object({{"axes", 1}});
  if (class_name == "Embedding") return Config::object({{"input_dim", 4}, {"output_dim", 2}});
  if (class_name == "Permute") return Config::object({{"dims", Config::List{2, 1}}});
  if (class_name == "RepeatVector") return Config::object({{"n", 2}});
  if (class_name == "Rescaling") return Config::object({{"scale", 0.5}});
  if (class_name == "PiecewiseConstantDecay") {
    return Config::object({{"boundaries", Config::List{2.5}}, {"values", Config::List{0.1, 0.5}}});
  }
  if (class_name == "ExponentialDecay" || class_name == "InverseTimeDecay") {
    return Config::object(
        {{"initial_learning_rate", 0.1}, {"decay_steps", 10}, {"decay_rate", 0.9}});
  }
  if (class_name == "PolynomialDecay" || class_name == "CosineDecay") {
    return Config::object({{"initial_learning_rate", 0.1}, {"decay_steps", 10}});
  }
  if (class_name == "CosineDecayRestarts") {
    return Config::object({{"initial_learning_rate", 0.1}, {"first_decay_steps", 10}});
  }
  if (class_name == "SensitivityAtSpecificity") return Config::object({{"specificity", 0.5}});
  if (class_name == "SpecificityAtSensitivity") return Config::object({{"sensitivity", 0.5}});
  if (class_name == "PrecisionAtRecall") return Config::object({{"recall", 0.5}});
  if (class_name == "RecallAtPrecision") return Config::object({{"precision", 0.5}});
  if (class_name == "MeanIoU" || class_name == "OneHotMeanIoU") {
    return Config::object({{"num_classes", 2000}});
  }
  if (class_name == "IoU" || class_name == "OneHotIoU") {
    return Config::object({{"num_classes", 2000}, {"target_class_ids", Config::List{0}}});
  }
  if (class_name == "ModelCheckpoint") return Config::object({{"filepath", "model.tegula"}});
  if (class_name == "BackupAndRestore") return Config::object({{"backup_dir", "backup"}});
  if (class_name == "CSVLogger") return Config::object({{"filename", "log.csv"}});
  return Config::object({});
}

}  // namespace tegula::test
