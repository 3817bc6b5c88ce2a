#include "tegula/nn/layers/mixing_augmentation.hpp"

#include "src/nn/layers/distributions.hpp"
#include "src/nn/layers/images.hpp"
#include "src/nn/layers/warp.hpp"
#include "tegula/graph/numeric.hpp"
#include "tegula/nn/layers/convolution.hpp"

namespace tegula::nn {

namespace {

/// Numbers of the images of a batch, [batch], in random order.
Value random_order(const Draws& draw) { return argsort(reshape(draw.uniform(0, 1), {-1}), 0); }

/// Means of each row of a batch and the one at `partners`, of which `shares` [batch, 1, 1, 1] are
/// the first one's.
Value mixed(const Value& values, const Value& partners, const Value& shares) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(values.shape().rank()), 1);
  if (shape.empty()) throw ShapeError("labels to be mixed need a batch dimension, got a scalar");
  shape[0] = -1;
  const Value share = reshape(shares, shape);
  return share * values + (1.0 - share) * gather(values, partners);
}

/// From `start` to `start + length`, in pixels.
struct Span {
  Value start;
  Value length;

  Value contains(const Tensor& places) const {
    return logical_and(less_equal(start, places), less(places, start + length));
  }
};

Span random_span(const Draws& draw, std::int64_t size, const Value& share) {
  const auto whole = static_cast<double>(size);
  const Value length = share * whole;
  return {draw.uniform(0, 1) * (whole - length), length};
}

struct Rectangle {
  Span across;
  Span down;

  /// [batch, height, width, 1]
  Value mask(const Value& images) const {
    return logical_and(across.contains(columns_of(images)), down.contains(rows_of(images)));
  }
};

struct MixedUp {
  Value images;
  Value partners;
  /// What each image, and its label, keeps.
  Value shares;
};

MixedUp mixed_up(const Value& images, const Draws& draw, double alpha) {
  const Value partners = random_order(draw), shares = beta_numbers(draw, alpha);
  return {mixed(images, partners, shares), partners, shares};
}

MixedUp cut_and_mixed(const Value& images, const Draws& draw, const Value& factor) {
  const auto [height, width] = image_size(images);
  const Value side = sqrt(1.0 - beta_numbers(draw, factor + 1e-6));
  const Rectangle part{random_span(draw, width, side), random_span(draw, height, side)};
  const Value partners = random_order(draw);
  const auto pixels = static_cast<double>(height * width);
  return {where(part.mask(images), gather(images, partners), images), partners,
          1.0 - part.across.length * part.down.length / pixels};
}

/// `on_images` of layers that mix, whose `mix` also tells what becomes of labels.
Values mix_with_labels(const Values& x, const std::string& data_format, const std::string& layer,
                       const std::function<MixedUp(const Value& images)>& mix) {
  MixedUp result;
  return on_images(
      x, data_format, layer,
      [&](Value images) {
        result = mix(images);
        return result.images;
      },
      [&](Value labels) {
        return mixed(cast(labels, result.shares.dtype()), result.partners, result.shares);
      });
}

}  // namespace

MixUpLayer::MixUpLayer(MixUpOptions options) : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
}

Value MixUpLayer::augment(Value images) {
  return mixed_up(images, draws(images), options_.alpha).images;
}

Values MixUpLayer::call_all(const Values& x, bool training) {
  if (!training) return AugmentationLayer::call_all(x, training);
  return mix_with_labels(x, options_.data_format, describe(), [this](const Value& images) {
    return mixed_up(images, draws(images), options_.alpha);
  });
}

CutMixLayer::CutMixLayer(CutMixOptions options) : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.factor = options_.factor.bounds(0, kName, "factor");
}

Value CutMixLayer::augment(Value images) {
  const Value factor = draws_of_batch(images).uniform(options_.factor);
  return cut_and_mixed(images, draws(images), factor).images;
}

Values CutMixLayer::call_all(const Values& x, bool training) {
  if (!training) return AugmentationLayer::call_all(x, training);
  return mix_with_labels(x, options_.data_format, describe(), [this](const Value& images) {
    const Value factor = draws_of_batch(images).uniform(options_.factor);
    return cut_and_mixed(images, draws(images), factor);
  });
}

RandomErasingLayer::RandomErasingLayer(RandomErasingOptions options)
    : AugmentationLayer(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
  options_.factor = options_.factor.bounds(0, kName, "factor");
  options_.scale = options_.scale.bounds(0, kName, "scale");
  options_.value_range = options_.value_range.checked(kName);
}

Value RandomErasingLayer::augment(Value images) {
  const auto [height, width] = image_size(images);
  const Draws draw = draws(images);
  const auto span = [&](std::int64_t size) {
    return random_span(draw, size, sqrt(draw.uniform(options_.scale)));
  };
  const Rectangle part{span(width), span(height)};
  const Value erased = logical_and(part.mask(images), draw.chance(options_.factor));
  return where(erased,
               clip(fill(images), options_.value_range.lowest, options_.value_range.highest),
               images);
}

Value RandomErasingLayer::fill(const Value& images) const {
  if (!options_.fill_value) {
    return random_normal_like(images, 0, options_.value_range.highest, options_.seed.value_or(-1));
  }
  const std::vector<double>& values = options_.fill_value->values;
  if (values.size() != 1 && std::ssize(values) != images.shape()[3]) {
    throw ShapeError(describe() + " got images of " + std::to_string(images.shape()[3]) +
                     " channels; `fill_value` has " + std::to_string(values.size()) + " numbers");
  }
  Tensor color(images.dtype(), {1, 1, 1, std::ssize(values)});
  for (std::int64_t i = 0; i < color.element_count(); ++i) {
    color.set(i, values[static_cast<std::size_t>(i)]);
  }
  return images.graph().constant(color);
}

}  // namespace tegula::nn
