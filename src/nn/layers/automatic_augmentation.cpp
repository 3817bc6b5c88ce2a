#include "tegula/nn/layers/automatic_augmentation.hpp"

#include <algorithm>
#include <cmath>

#include "src/nn/layers/distributions.hpp"
#include "src/nn/layers/warp.hpp"
#include "tegula/nn/layers/color_augmentation.hpp"
#include "tegula/nn/layers/convolution.hpp"
#include "tegula/nn/layers/geometric_augmentation.hpp"

namespace tegula::nn {

namespace {

template <typename Options>
void check_common(Options& options, std::string_view layer) {
  options.data_format = checked_data_format(options.data_format, layer);
  options.value_range = options.value_range.checked(layer);
  options.factor = options.factor.bounds(0, layer, "factor");
  check_sampling({options.interpolation}, layer);
}

/// A layer's change of images [batch, height, width, channels].
template <typename Layer>
Value changed(const Value& images, typename Layer::Options options) {
  options.name = Layer::kName;
  return Layer(std::move(options)).augment(images);
}

template <const ColorRule& Rule, typename Options>
Value recolored(const Value& images, const Options& own, const Numbers& factor) {
  return changed<ColorLayer<Rule>>(
      images, {.factor = factor, .value_range = own.value_range, .seed = own.seed});
}

/// The images as one of Keras's changes has them, which is drawn for all of them; or as they are,
/// where `may_stay` and nothing is drawn.
template <typename Options>
Value changed_somehow(const Value& images, const Draws& draw, const Options& own, bool all,
                      bool may_stay) {
  const Numbers& factor = own.factor;
  std::vector<Value> choices = {
      changed<RandomShearLayer>(images, {.x_factor = factor,
                                         .y_factor = factor,
                                         .interpolation = own.interpolation,
                                         .seed = own.seed}),
      changed<RandomTranslationLayer>(images, {.height_factor = factor,
                                               .width_factor = factor,
                                               .interpolation = own.interpolation,
                                               .seed = own.seed}),
      changed<RandomRotationLayer>(
          images, {.factor = factor, .interpolation = own.interpolation, .seed = own.seed}),
      changed<SolarizationLayer>(images, {.addition_factor = factor,
                                          .threshold_factor = factor,
                                          .value_range = own.value_range,
                                          .seed = own.seed}),
      recolored<kRandomPosterization>(images, own, std::max(1.0, std::floor(8 * factor.upper()))),
      changed<AutoContrastLayer>(images, {.value_range = own.value_range}),
      changed<EqualizationLayer>(images, {.value_range = own.value_range})};
  if (all) {
    choices.push_back(recolored<kRandomBrightness>(images, own, factor));
    choices.push_back(recolored<kRandomColorDegeneration>(images, own, factor));
    choices.push_back(recolored<kRandomContrast>(images, own, factor));
    choices.push_back(recolored<kRandomSharpness>(images, own, factor));
  }
  const auto count = static_cast<double>(choices.size());
  const Value choice = floor(draw.uniform(0, may_stay ? count + 1 : count));
  Value result = may_stay ? images : choices.front();
  for (std::size_t i = may_stay ? 0 : 1; i < choices.size(); ++i) {
    result = where(equal(choice, static_cast<double>(i)), choices[i], result);
  }
  return result;
}

}  // namespace

RandAugmentLayer::RandAugmentLayer(RandAugmentOptions options)
    : AugmentationLayer(std::move(options)) {
  check_common(options_, kName);
}

Value RandAugmentLayer::augment(Value images) {
  const Draws draw = draws_of_batch(images);
  for (std::int64_t i = 0; i < options_.num_ops; ++i) {
    images = changed_somehow(images, draw, options_, /*all=*/true, /*may_stay=*/false);
  }
  return images;
}

AugMixLayer::AugMixLayer(AugMixOptions options) : AugmentationLayer(std::move(options)) {
  check_common(options_, kName);
}

Value AugMixLayer::augment(Value images) {
  const Draws draw = draws_of_batch(images);
  std::vector<Value> chains, logits;
  for (std::int64_t chain = 0; chain < options_.num_chains; ++chain) {
    Value changed = images;
    for (std::int64_t depth = 0; depth < options_.chain_depth; ++depth) {
      changed = changed_somehow(changed, draw, options_, options_.all_ops, /*may_stay=*/true);
    }
    chains.push_back(changed);
    logits.push_back(log_gamma_numbers(draw, options_.alpha));
  }
  const Value weights = softmax(concat(logits, 3));
  Value sum = images * 0.0;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    const Value weight = slice(weights, {{}, {}, {}, {.begin = place, .end = place + 1}});
    sum = sum + weight * chains[i];
  }
  const Value share = beta_numbers(draw, options_.alpha);
  return clip(share * images + (1.0 - share) * sum, options_.value_range.lowest,
              options_.value_range.highest);
}

}  // namespace tegula::nn
