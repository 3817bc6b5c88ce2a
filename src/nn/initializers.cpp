#include "tegula/nn/initializers.hpp"

#include <array>
#include <utility>

#include "src/core/made_before_fork.hpp"

namespace tegula::nn {

namespace {

constexpr std::array<std::pair<const char*, FanMode>, 3> kModes = {
    {{"fan_in", FanMode::fan_in}, {"fan_out", FanMode::fan_out}, {"fan_avg", FanMode::fan_avg}}};

constexpr std::array<std::pair<const char*, WeightDistribution>, 3> kDistributions = {
    {{"truncated_normal", WeightDistribution::truncated_normal},
     {"untruncated_normal", WeightDistribution::untruncated_normal},
     {"uniform", WeightDistribution::uniform}}};

template <typename T, std::size_t N>
T choose(const std::array<std::pair<const char*, T>, N>& choices, std::string_view argument,
         const std::string& given) {
  std::string known;
  for (const auto& [name, value] : choices) {
    if (given == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw InvalidArgument("VarianceScaling: invalid `" + std::string(argument) + "` argument: \"" +
                        given + "\"; expected one of: " + known);
}

}  // namespace

InitialValue ZerosInitializer::operator()(const ValueType& type) const {
  return zeros(type.shape, type.dtype);
}

InitialValue OnesInitializer::operator()(const ValueType& type) const {
  return ones(type.shape, type.dtype);
}

namespace {

Config nested_lists(const Tensor& value) {
  if (value.rank() == 0) return value.item();
  Config::List list;
  for (std::int64_t i = 0; i < value.shape()[0]; ++i) {
    list.push_back(
        nested_lists(value.rows(i, i + 1).reshaped(Shape(value.shape().dims().subspan(1)))));
  }
  return list;
}

/// Appends the numbers of nested lists; `depth` is that of `config` in an array of this shape.
void append_numbers(const Config& config, const Shape& shape, int depth,
                    std::vector<double>& numbers) {
  if (depth == shape.rank()) {
    numbers.push_back(config.as_float());
    return;
  }
  const Config::List& list = config.as_list();
  if (static_cast<std::int64_t>(list.size()) != shape[depth]) {
    throw InvalidArgument("expected lists of equal lengths, got " + config.to_string());
  }
  for (const Config& item : list) append_numbers(item, shape, depth + 1, numbers);
}

}  // namespace

ConstantValue::ConstantValue(const Tensor& value) : content_(nested_lists(value)) {}

Tensor ConstantValue::tensor() const {
  Shape shape;
  for (const Config* level = &content_; level->is_list(); level = &level->as_list().front()) {
    const Config::List& list = level->as_list();
    shape.append(static_cast<std::int64_t>(list.size()));
    if (list.empty()) break;
  }
  std::vector<double> numbers;
  append_numbers(content_, shape, 0, numbers);
  return Tensor::from(numbers, shape);
}

Config to_config(const ConstantValue& value) { return value.content(); }

void from_config(const Config& config, ConstantValue& value) {
  if (!config.is_list()) {
    value = ConstantValue(config.as_float());
    return;
  }
  value.content_ = config;
  value.tensor();
}

InitialValue ConstantInitializer::operator()(const ValueType& type) const {
  return constant(type.shape, options_.value.tensor(), type.dtype);
}

InitialValue IdentityInitializer::operator()(const ValueType& type) const {
  return identity_matrix(type.shape, options_.gain, type.dtype);
}

InitialValue RandomUniformInitializer::operator()(const ValueType& type) const {
  return random_uniform(type.shape, options_.minval, options_.maxval, type.dtype,
                        options_.seed.value_or(-1));
}

InitialValue RandomNormalInitializer::operator()(const ValueType& type) const {
  return random_normal(type.shape, options_.mean, options_.stddev, type.dtype,
                       options_.seed.value_or(-1));
}

InitialValue TruncatedNormalInitializer::operator()(const ValueType& type) const {
  return truncated_normal(type.shape, options_.mean, options_.stddev, type.dtype,
                          options_.seed.value_or(-1));
}

VarianceScalingInitializer::VarianceScalingInitializer(VarianceScalingOptions options)
    : WithOptions(std::move(options)) {
  if (options_.distribution == "normal") options_.distribution = "truncated_normal";
  choose(kModes, "mode", options_.mode);
  choose(kDistributions, "distribution", options_.distribution);
}

InitialValue VarianceScalingInitializer::operator()(const ValueType& type) const {
  return variance_scaling(
      type.shape,
      {.scale = options_.scale,
       .mode = choose(kModes, "mode", options_.mode),
       .distribution = choose(kDistributions, "distribution", options_.distribution),
       .input_axes = options_.input_axes,
       .output_axes = options_.output_axes},
      type.dtype, options_.seed.value_or(-1));
}

InitialValue OrthogonalInitializer::operator()(const ValueType& type) const {
  return orthogonal(type.shape, options_.gain, type.dtype, options_.seed.value_or(-1));
}

template <>
const std::vector<ObjectClass<InitializerBase>>& object_classes<InitializerBase>() {
  static const std::vector<ObjectClass<InitializerBase>> classes = {
      object_class<InitializerBase, ZerosInitializer>({"zero"}),
      object_class<InitializerBase, OnesInitializer>({"one"}),
      object_class<InitializerBase, ConstantInitializer>({}),
      object_class<InitializerBase, IdentityInitializer>({"IdentityInitializer"}),
      object_class<InitializerBase, RandomUniformInitializer>({"uniform"}),
      object_class<InitializerBase, RandomNormalInitializer>({"normal"}),
      object_class<InitializerBase, TruncatedNormalInitializer>({}),
      object_class<InitializerBase, VarianceScalingInitializer>({}),
      object_class<InitializerBase, ScaledInitializer<kGlorotUniform>>({}),
      object_class<InitializerBase, ScaledInitializer<kGlorotNormal>>({}),
      object_class<InitializerBase, ScaledInitializer<kHeUniform>>({}),
      object_class<InitializerBase, ScaledInitializer<kHeNormal>>({}),
      object_class<InitializerBase, ScaledInitializer<kLecunUniform>>({}),
      object_class<InitializerBase, ScaledInitializer<kLecunNormal>>({}),
      object_class<InitializerBase, OrthogonalInitializer>({"OrthogonalInitializer"}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<InitializerBase>(); });

}  // namespace

}  // namespace tegula::nn
