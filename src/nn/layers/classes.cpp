// The layers that are known by their names.

#include "src/core/made_before_fork.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/layers/attention.hpp"
#include "tegula/nn/layers/automatic_augmentation.hpp"
#include "tegula/nn/layers/color_augmentation.hpp"
#include "tegula/nn/layers/geometric_augmentation.hpp"
#include "tegula/nn/layers/mixing_augmentation.hpp"
#include "tegula/nn/layers/recurrent.hpp"
#include "tegula/nn/layers/wrapping.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

template <typename Impl>
std::shared_ptr<const ObjectClass<LayerBase>> container_class(const char* doc) {
  return std::make_shared<const ObjectClass<LayerBase>>(ObjectClass<LayerBase>{
      Impl::kName, {}, doc, {}, [](const Config& config) -> std::shared_ptr<LayerBase> {
        return Impl::from_config(config);
      }});
}

}  // namespace

template <>
std::deque<std::shared_ptr<const ObjectClass<LayerBase>>>& user_classes<LayerBase>() {
  static std::deque<std::shared_ptr<const ObjectClass<LayerBase>>> classes = {
      container_class<SequentialLayer>("A stack of layers."),
      container_class<FunctionalLayer>("A graph of calls of layers."),
      container_class<OperationLayer>("Ops between layers."),
      container_class<MaskedLayer>("A value with a mask."),
      container_class<BidirectionalLayer>(
          "A layer that goes through a sequence in both directions."),
      container_class<TimeDistributedLayer>("A layer that is applied to every step."),
      container_class<SpectralNormalizationLayer>(
          "A layer whose kernel is kept at a spectral norm of 1."),
  };
  return classes;
}

template <>
const std::vector<ObjectClass<LayerBase>>& object_classes<LayerBase>() {
  static const std::vector<ObjectClass<LayerBase>> classes = {
      object_class<LayerBase, InputLayer>({"Input"}),
      object_class<LayerBase, DenseLayer>({}),
      object_class<LayerBase, DropoutLayer>({}),
      object_class<LayerBase, ActivationLayer>({}),
      object_class<LayerBase, FlattenLayer>({}),
      object_class<LayerBase, ReshapeLayer>({}),
      object_class<LayerBase, ConvolutionLayer<1>>({"Convolution1D"}),
      object_class<LayerBase, ConvolutionLayer<2>>({"Convolution2D"}),
      object_class<LayerBase, ConvolutionLayer<3>>({"Convolution3D"}),
      object_class<LayerBase, TransposedConvolutionLayer<1>>({"Convolution1DTranspose"}),
      object_class<LayerBase, TransposedConvolutionLayer<2>>({"Convolution2DTranspose"}),
      object_class<LayerBase, TransposedConvolutionLayer<3>>({"Convolution3DTranspose"}),
      object_class<LayerBase, DepthwiseConvolutionLayer<1>>({}),
      object_class<LayerBase, DepthwiseConvolutionLayer<2>>({}),
      object_class<LayerBase, SeparableConvolutionLayer<1>>({"SeparableConvolution1D"}),
      object_class<LayerBase, SeparableConvolutionLayer<2>>({"SeparableConvolution2D"}),
      object_class<LayerBase, PoolingLayer<Pooling::max, 1>>({"MaxPool1D"}),
      object_class<LayerBase, PoolingLayer<Pooling::max, 2>>({"MaxPool2D"}),
      object_class<LayerBase, PoolingLayer<Pooling::max, 3>>({"MaxPool3D"}),
      object_class<LayerBase, PoolingLayer<Pooling::average, 1>>({"AvgPool1D"}),
      object_class<LayerBase, PoolingLayer<Pooling::average, 2>>({"AvgPool2D"}),
      object_class<LayerBase, PoolingLayer<Pooling::average, 3>>({"AvgPool3D"}),
      object_class<LayerBase, GlobalPoolingLayer<Pooling::max, 1>>({"GlobalMaxPool1D"}),
      object_class<LayerBase, GlobalPoolingLayer<Pooling::max, 2>>({"GlobalMaxPool2D"}),
      object_class<LayerBase, GlobalPoolingLayer<Pooling::max, 3>>({"GlobalMaxPool3D"}),
      object_class<LayerBase, GlobalPoolingLayer<Pooling::average, 1>>({"GlobalAvgPool1D"}),
      object_class<LayerBase, GlobalPoolingLayer<Pooling::average, 2>>({"GlobalAvgPool2D"}),
      object_class<LayerBase, GlobalPoolingLayer<Pooling::average, 3>>({"GlobalAvgPool3D"}),
      object_class<LayerBase, AdaptivePoolingLayer<Pooling::max, 1>>({}),
      object_class<LayerBase, AdaptivePoolingLayer<Pooling::max, 2>>({}),
      object_class<LayerBase, AdaptivePoolingLayer<Pooling::max, 3>>({}),
      object_class<LayerBase, AdaptivePoolingLayer<Pooling::average, 1>>({}),
      object_class<LayerBase, AdaptivePoolingLayer<Pooling::average, 2>>({}),
      object_class<LayerBase, AdaptivePoolingLayer<Pooling::average, 3>>({}),
      object_class<LayerBase, BatchNormalizationLayer>({}),
      object_class<LayerBase, LayerNormalizationLayer>({}),
      object_class<LayerBase, GroupNormalizationLayer>({}),
      object_class<LayerBase, RMSNormalizationLayer>({}),
      object_class<LayerBase, UnitNormalizationLayer>({}),
      object_class<LayerBase, MergingLayer<Merging::add>>({}),
      object_class<LayerBase, MergingLayer<Merging::subtract>>({}),
      object_class<LayerBase, MergingLayer<Merging::multiply>>({}),
      object_class<LayerBase, MergingLayer<Merging::average>>({}),
      object_class<LayerBase, MergingLayer<Merging::maximum>>({}),
      object_class<LayerBase, MergingLayer<Merging::minimum>>({}),
      object_class<LayerBase, ConcatenateLayer>({}),
      object_class<LayerBase, DotLayer>({}),
      object_class<LayerBase, EmbeddingLayer>({}),
      object_class<LayerBase, MaskingLayer>({}),
      object_class<LayerBase, ZeroPaddingLayer<1>>({}),
      object_class<LayerBase, ZeroPaddingLayer<2>>({}),
      object_class<LayerBase, ZeroPaddingLayer<3>>({}),
      object_class<LayerBase, CroppingLayer<1>>({}),
      object_class<LayerBase, CroppingLayer<2>>({}),
      object_class<LayerBase, CroppingLayer<3>>({}),
      object_class<LayerBase, UpSamplingLayer<1>>({}),
      object_class<LayerBase, UpSamplingLayer<2>>({}),
      object_class<LayerBase, UpSamplingLayer<3>>({}),
      object_class<LayerBase, ResizingLayer>({}),
      object_class<LayerBase, CenterCropLayer>({}),
      object_class<LayerBase, RandomFlipLayer>({}),
      object_class<LayerBase, RandomCropLayer>({}),
      object_class<LayerBase, RandomTranslationLayer>({}),
      object_class<LayerBase, RandomRotationLayer>({}),
      object_class<LayerBase, RandomZoomLayer>({}),
      object_class<LayerBase, RandomShearLayer>({}),
      object_class<LayerBase, RandomPerspectiveLayer>({}),
      object_class<LayerBase, ColorLayer<kRandomBrightness>>({}),
      object_class<LayerBase, ColorLayer<kRandomContrast>>({}),
      object_class<LayerBase, ColorLayer<kRandomSaturation>>({}),
      object_class<LayerBase, ColorLayer<kRandomHue>>({}),
      object_class<LayerBase, ColorLayer<kRandomColorDegeneration>>({}),
      object_class<LayerBase, ColorLayer<kRandomPosterization>>({}),
      object_class<LayerBase, ColorLayer<kRandomSharpness>>({}),
      object_class<LayerBase, ColorLayer<kRandomInvert>>({}),
      object_class<LayerBase, RandomColorJitterLayer>({}),
      object_class<LayerBase, RandomGrayscaleLayer>({}),
      object_class<LayerBase, RandomGaussianBlurLayer>({}),
      object_class<LayerBase, SolarizationLayer>({}),
      object_class<LayerBase, AutoContrastLayer>({}),
      object_class<LayerBase, EqualizationLayer>({}),
      object_class<LayerBase, RandomElasticTransformLayer>({}),
      object_class<LayerBase, RandomErasingLayer>({}),
      object_class<LayerBase, MixUpLayer>({}),
      object_class<LayerBase, CutMixLayer>({}),
      object_class<LayerBase, RandAugmentLayer>({}),
      object_class<LayerBase, AugMixLayer>({}),
      object_class<LayerBase, PermuteLayer>({}),
      object_class<LayerBase, RepeatVectorLayer>({}),
      object_class<LayerBase, IdentityLayer>({}),
      object_class<LayerBase, ReLULayer>({}),
      object_class<LayerBase, LeakyReLULayer>({}),
      object_class<LayerBase, ELULayer>({}),
      object_class<LayerBase, PReLULayer>({}),
      object_class<LayerBase, SoftmaxLayer>({}),
      object_class<LayerBase, RescalingLayer>({}),
      object_class<LayerBase, ActivityRegularizationLayer>({}),
      object_class<LayerBase, GaussianNoiseLayer>({}),
      object_class<LayerBase, GaussianDropoutLayer>({}),
      object_class<LayerBase, AlphaDropoutLayer>({}),
      object_class<LayerBase, EinsumDenseLayer>({}),
      object_class<LayerBase, MultiHeadAttentionLayer>({}),
      object_class<LayerBase, GroupQueryAttentionLayer>({"GroupedQueryAttention"}),
      object_class<LayerBase, AttentionLayer>({}),
      object_class<LayerBase, AdditiveAttentionLayer>({}),
      object_class<LayerBase, SpatialDropoutLayer<1>>({}),
      object_class<LayerBase, SpatialDropoutLayer<2>>({}),
      object_class<LayerBase, SpatialDropoutLayer<3>>({}),
      object_class<LayerBase, RecurrentLayer<Recurrence::simple>>({}),
      object_class<LayerBase, RecurrentLayer<Recurrence::lstm>>({}),
      object_class<LayerBase, RecurrentLayer<Recurrence::gru>>({}),
      object_class<LayerBase, RecurrentCellLayer<Recurrence::simple>>({}),
      object_class<LayerBase, RecurrentCellLayer<Recurrence::lstm>>({}),
      object_class<LayerBase, RecurrentCellLayer<Recurrence::gru>>({}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] {
  object_classes<LayerBase>();
  user_classes<LayerBase>();
});

}  // namespace

}  // namespace tegula::nn
