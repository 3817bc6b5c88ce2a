# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from ._typing import ActivationLike, ConstraintLike, DTypeLike, InitializerLike, LearningRate
from ._typing import RegularizerLike, Shape

class Activation(Layer):
    activation: Any
    def __init__(self, activation: ActivationLike, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class ActivityRegularization(Layer):
    l1: Any
    l2: Any
    def __init__(self, l1: float = 0.0, l2: float = 0.0, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdaptiveAveragePooling1D(Layer):
    output_size: Any
    data_format: Any
    def __init__(self, output_size: int | Sequence[int] | Sequence[Sequence[int]], data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdaptiveAveragePooling2D(Layer):
    output_size: Any
    data_format: Any
    def __init__(self, output_size: int | Sequence[int] | Sequence[Sequence[int]], data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdaptiveAveragePooling3D(Layer):
    output_size: Any
    data_format: Any
    def __init__(self, output_size: int | Sequence[int] | Sequence[Sequence[int]], data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdaptiveMaxPooling1D(Layer):
    output_size: Any
    data_format: Any
    def __init__(self, output_size: int | Sequence[int] | Sequence[Sequence[int]], data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdaptiveMaxPooling2D(Layer):
    output_size: Any
    data_format: Any
    def __init__(self, output_size: int | Sequence[int] | Sequence[Sequence[int]], data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdaptiveMaxPooling3D(Layer):
    output_size: Any
    data_format: Any
    def __init__(self, output_size: int | Sequence[int] | Sequence[Sequence[int]], data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Add(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AdditiveAttention(Layer):
    use_scale: Any
    dropout: Any
    seed: Any
    def __init__(self, use_scale: bool = True, dropout: float = 0.0, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, inputs: Any, mask: Any = None, training: Any = None, return_attention_scores: Any = False, use_causal_mask: Any = False) -> Any: ...
    def call(self, *args: Any, **kwargs: Any) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
class AlphaDropout(Layer):
    rate: Any
    noise_shape: Any
    seed: Any
    def __init__(self, rate: float, noise_shape: Optional[Shape] = None, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Attention(Layer):
    use_scale: Any
    score_mode: Any
    dropout: Any
    seed: Any
    def __init__(self, use_scale: bool = False, score_mode: str = 'dot', dropout: float = 0.0, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, inputs: Any, mask: Any = None, training: Any = None, return_attention_scores: Any = False, use_causal_mask: Any = False) -> Any: ...
    def call(self, *args: Any, **kwargs: Any) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
class AugMix(Layer):
    value_range: Any
    num_chains: Any
    chain_depth: Any
    factor: Any
    alpha: Any
    all_ops: Any
    interpolation: Any
    seed: Any
    data_format: Any
    def __init__(self, value_range: Sequence[float] = ..., num_chains: int = 3, chain_depth: int = 3, factor: float | Sequence[float] = 0.3, alpha: float = 1.0, all_ops: bool = True, interpolation: str = 'bilinear', seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AutoContrast(Layer):
    value_range: Any
    data_format: Any
    def __init__(self, value_range: Sequence[float] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Average(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AveragePooling1D(Layer):
    pool_size: Any
    strides: Any
    padding: Any
    data_format: Any
    def __init__(self, pool_size: int | Sequence[int] | Sequence[Sequence[int]], strides: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, padding: str = 'valid', data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AveragePooling2D(Layer):
    pool_size: Any
    strides: Any
    padding: Any
    data_format: Any
    def __init__(self, pool_size: int | Sequence[int] | Sequence[Sequence[int]], strides: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, padding: str = 'valid', data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class AveragePooling3D(Layer):
    pool_size: Any
    strides: Any
    padding: Any
    data_format: Any
    def __init__(self, pool_size: int | Sequence[int] | Sequence[Sequence[int]], strides: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, padding: str = 'valid', data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
class BatchNormalization(Layer):
    axis: Any
    momentum: Any
    epsilon: Any
    center: Any
    scale: Any
    beta_initializer: Any
    gamma_initializer: Any
    moving_mean_initializer: Any
    moving_variance_initializer: Any
    beta_regularizer: Any
    gamma_regularizer: Any
    beta_constraint: Any
    gamma_constraint: Any
    synchronized: Any
    renorm: Any
    renorm_momentum: Any
    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001, center: bool = True, scale: bool = True, beta_initializer: InitializerLike = 'zeros', gamma_initializer: InitializerLike = 'ones', moving_mean_initializer: InitializerLike = 'zeros', moving_variance_initializer: InitializerLike = 'ones', beta_regularizer: RegularizerLike = None, gamma_regularizer: RegularizerLike = None, beta_constraint: ConstraintLike = None, gamma_constraint: ConstraintLike = None, synchronized: bool = False, renorm: bool = False, renorm_momentum: float = 0.99, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Bidirectional(Layer):
    forward_layer: Any
    backward_layer: Any
    def build(self, input_shape: Any) -> Any: ...
    def __init__(self, layer: Any, merge_mode: Any = 'concat', weights: Any = None, backward_layer: Any = None, **kwargs: Any) -> None: ...
    @property
    def stateful(self) -> Any: ...
    @property
    def return_sequences(self) -> Any: ...
    @property
    def return_state(self) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    def get_initial_state(self, batch_size: Any) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
    def get_config(self) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
    def __call__(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any: ...
    @property
    def input_spec(self) -> Any: ...
    @property
    def states(self) -> Any: ...
    def reset_state(self) -> Any: ...
    def reset_states(self) -> Any: ...
class CenterCrop(Layer):
    height: Any
    width: Any
    data_format: Any
    def __init__(self, height: int, width: int, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Concatenate(Layer):
    axis: Any
    def __init__(self, axis: int = -1, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Conv1D(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    data_format: Any
    dilation_rate: Any
    groups: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., groups: int = 1, activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Conv1DTranspose(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    output_padding: Any
    data_format: Any
    dilation_rate: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', output_padding: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Conv2D(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    data_format: Any
    dilation_rate: Any
    groups: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., groups: int = 1, activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Conv2DTranspose(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    output_padding: Any
    data_format: Any
    dilation_rate: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', output_padding: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Conv3D(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    data_format: Any
    dilation_rate: Any
    groups: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., groups: int = 1, activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Conv3DTranspose(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    output_padding: Any
    data_format: Any
    dilation_rate: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', output_padding: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
class Cropping1D(Layer):
    cropping: Any
    data_format: Any
    def __init__(self, cropping: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Cropping2D(Layer):
    cropping: Any
    data_format: Any
    def __init__(self, cropping: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Cropping3D(Layer):
    cropping: Any
    data_format: Any
    def __init__(self, cropping: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class CutMix(Layer):
    factor: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float] = 1.0, seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Dense(Layer):
    units: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, units: int, activation: ActivationLike = 'linear', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    @property
    def kernel(self) -> Any: ...
    @property
    def bias(self) -> Any: ...
    @property
    def input_spec(self) -> Any: ...
class DepthwiseConv1D(Layer):
    kernel_size: Any
    strides: Any
    padding: Any
    depth_multiplier: Any
    data_format: Any
    dilation_rate: Any
    activation: Any
    use_bias: Any
    depthwise_initializer: Any
    bias_initializer: Any
    depthwise_regularizer: Any
    bias_regularizer: Any
    depthwise_constraint: Any
    bias_constraint: Any
    def __init__(self, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', depth_multiplier: int = 1, data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., activation: ActivationLike = 'linear', use_bias: bool = True, depthwise_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', depthwise_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, depthwise_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class DepthwiseConv2D(Layer):
    kernel_size: Any
    strides: Any
    padding: Any
    depth_multiplier: Any
    data_format: Any
    dilation_rate: Any
    activation: Any
    use_bias: Any
    depthwise_initializer: Any
    bias_initializer: Any
    depthwise_regularizer: Any
    bias_regularizer: Any
    depthwise_constraint: Any
    bias_constraint: Any
    def __init__(self, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', depth_multiplier: int = 1, data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., activation: ActivationLike = 'linear', use_bias: bool = True, depthwise_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', depthwise_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, depthwise_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Dot(Layer):
    axes: Any
    normalize: Any
    def __init__(self, axes: Union[int, Sequence[int], None], normalize: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Dropout(Layer):
    rate: Any
    noise_shape: Any
    seed: Any
    def __init__(self, rate: float, noise_shape: Optional[Shape] = None, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class ELU(Layer):
    alpha: Any
    def __init__(self, alpha: float = 1.0, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class EinsumDense(Layer):
    equation: Any
    activation: Any
    bias_axes: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    def __init__(self, equation: str, output_shape: Union[int, Shape], activation: ActivationLike = 'linear', bias_axes: Optional[str] = None, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, activity_regularizer: RegularizerLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Embedding(Layer):
    input_dim: Any
    output_dim: Any
    embeddings_initializer: Any
    embeddings_regularizer: Any
    embeddings_constraint: Any
    mask_zero: Any
    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: InitializerLike = 'random_uniform', embeddings_regularizer: RegularizerLike = None, embeddings_constraint: ConstraintLike = None, mask_zero: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Equalization(Layer):
    value_range: Any
    bins: Any
    data_format: Any
    def __init__(self, value_range: Sequence[float] = ..., bins: int = 256, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Flatten(Layer):
    data_format: Any
    def __init__(self, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GRU(Layer):
    units: Any
    activation: Any
    recurrent_activation: Any
    use_bias: Any
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: Any
    recurrent_dropout: Any
    seed: Any
    return_sequences: Any
    return_state: Any
    go_backwards: Any
    stateful: Any
    unroll: Any
    reset_after: Any
    zero_output_for_mask: Any
    def __init__(self, units: int, activation: ActivationLike = 'tanh', recurrent_activation: ActivationLike = 'sigmoid', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', recurrent_initializer: InitializerLike = 'orthogonal', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, recurrent_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, recurrent_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: Optional[int] = None, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False, reset_after: bool = True, zero_output_for_mask: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any: ...
    @property
    def input_spec(self) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    @property
    def states(self) -> Any: ...
    def get_initial_state(self, batch_size: Any) -> Any: ...
    def reset_state(self) -> Any: ...
    def reset_states(self) -> Any: ...
class GRUCell(Layer):
    units: Any
    activation: Any
    recurrent_activation: Any
    use_bias: Any
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: Any
    recurrent_dropout: Any
    reset_after: Any
    seed: Any
    def __init__(self, units: int, activation: ActivationLike = 'tanh', recurrent_activation: ActivationLike = 'sigmoid', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', recurrent_initializer: InitializerLike = 'orthogonal', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, recurrent_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, recurrent_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, reset_after: bool = True, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, inputs: Any, states: Any, training: Any = None) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    @property
    def output_size(self) -> Any: ...
    def get_initial_state(self, batch_size: Any = None) -> Any: ...
class GaussianDropout(Layer):
    rate: Any
    seed: Any
    def __init__(self, rate: float, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GaussianNoise(Layer):
    stddev: Any
    seed: Any
    def __init__(self, stddev: float, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GlobalAveragePooling1D(Layer):
    data_format: Any
    keepdims: Any
    def __init__(self, data_format: str = 'channels_last', keepdims: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GlobalAveragePooling2D(Layer):
    data_format: Any
    keepdims: Any
    def __init__(self, data_format: str = 'channels_last', keepdims: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GlobalAveragePooling3D(Layer):
    data_format: Any
    keepdims: Any
    def __init__(self, data_format: str = 'channels_last', keepdims: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
class GlobalMaxPooling1D(Layer):
    data_format: Any
    keepdims: Any
    def __init__(self, data_format: str = 'channels_last', keepdims: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GlobalMaxPooling2D(Layer):
    data_format: Any
    keepdims: Any
    def __init__(self, data_format: str = 'channels_last', keepdims: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GlobalMaxPooling3D(Layer):
    data_format: Any
    keepdims: Any
    def __init__(self, data_format: str = 'channels_last', keepdims: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GroupNormalization(Layer):
    groups: Any
    axis: Any
    epsilon: Any
    center: Any
    scale: Any
    beta_initializer: Any
    gamma_initializer: Any
    beta_regularizer: Any
    gamma_regularizer: Any
    beta_constraint: Any
    gamma_constraint: Any
    def __init__(self, groups: int = 32, axis: int = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True, beta_initializer: InitializerLike = 'zeros', gamma_initializer: InitializerLike = 'ones', beta_regularizer: RegularizerLike = None, gamma_regularizer: RegularizerLike = None, beta_constraint: ConstraintLike = None, gamma_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class GroupQueryAttention(Layer):
    head_dim: Any
    num_query_heads: Any
    num_key_value_heads: Any
    dropout: Any
    use_bias: Any
    sliding_window: Any
    flash_attention: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    use_gate: Any
    seed: Any
    def __init__(self, head_dim: int, num_query_heads: int, num_key_value_heads: int, dropout: float = 0.0, use_bias: bool = True, sliding_window: Optional[int] = None, flash_attention: Optional[bool] = None, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, use_gate: bool = False, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, query: Any, value: Any = None, key: Any = None, query_mask: Any = None, value_mask: Any = None, key_mask: Any = None, attention_mask: Any = None, return_attention_scores: Any = False, training: Any = None, use_causal_mask: Any = False) -> Any: ...
    def call(self, *args: Any, **kwargs: Any) -> Any: ...
    def build(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> Any: ...
    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any: ...
GroupedQueryAttention = GroupQueryAttention
class Identity(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
def Input(shape: Any = None, batch_size: Any = None, dtype: Any = None, sparse: Any = None, ragged: Any = None, batch_shape: Any = None, name: Any = None, tensor: Any = None, optional: Any = False) -> Any: ...
class InputLayer(Layer):
    shape: Any
    batch_size: Any
    def __init__(self, shape: Shape = ..., batch_size: Optional[int] = None, dtype: str = 'float32', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def get_config(self) -> Any: ...
class InputSpec:
    dtype: Any
    shape: Any
    ndim: Any
    max_ndim: Any
    min_ndim: Any
    axes: Any
    allow_last_axis_squeeze: Any
    name: Any
    def __init__(self, dtype: Any = None, shape: Any = None, ndim: Any = None, max_ndim: Any = None, min_ndim: Any = None, axes: Any = None, allow_last_axis_squeeze: Any = False, name: Any = None, optional: Any = False) -> None: ...
    def check(self, shape: Any, layer_name: Any) -> Any: ...
    def __repr__(self) -> Any: ...
class LSTM(Layer):
    units: Any
    activation: Any
    recurrent_activation: Any
    use_bias: Any
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    unit_forget_bias: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: Any
    recurrent_dropout: Any
    seed: Any
    return_sequences: Any
    return_state: Any
    go_backwards: Any
    stateful: Any
    unroll: Any
    zero_output_for_mask: Any
    def __init__(self, units: int, activation: ActivationLike = 'tanh', recurrent_activation: ActivationLike = 'sigmoid', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', recurrent_initializer: InitializerLike = 'orthogonal', bias_initializer: InitializerLike = 'zeros', unit_forget_bias: bool = True, kernel_regularizer: RegularizerLike = None, recurrent_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, recurrent_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: Optional[int] = None, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False, zero_output_for_mask: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any: ...
    @property
    def input_spec(self) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    @property
    def states(self) -> Any: ...
    def get_initial_state(self, batch_size: Any) -> Any: ...
    def reset_state(self) -> Any: ...
    def reset_states(self) -> Any: ...
class LSTMCell(Layer):
    units: Any
    activation: Any
    recurrent_activation: Any
    use_bias: Any
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    unit_forget_bias: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: Any
    recurrent_dropout: Any
    seed: Any
    def __init__(self, units: int, activation: ActivationLike = 'tanh', recurrent_activation: ActivationLike = 'sigmoid', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', recurrent_initializer: InitializerLike = 'orthogonal', bias_initializer: InitializerLike = 'zeros', unit_forget_bias: bool = True, kernel_regularizer: RegularizerLike = None, recurrent_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, recurrent_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, inputs: Any, states: Any, training: Any = None) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    @property
    def output_size(self) -> Any: ...
    def get_initial_state(self, batch_size: Any = None) -> Any: ...
class Lambda(Layer):
    function: Any
    mask: Any
    arguments: Any
    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None, **kwargs: Any) -> None: ...
    def call(self, *args: Any, **kwargs: Any) -> Any: ...
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
    def get_config(self) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
class Layer:
    input_spec: Any
    def __init__(self, *, activity_regularizer: Any = None, trainable: Any = True, dtype: Any = None, autocast: Any = True, name: Any = None, **kwargs: Any) -> None: ...
    @property
    def name(self) -> Any: ...
    @property
    def path(self) -> Any: ...
    @property
    def trainable(self) -> Any: ...
    @trainable.setter
    def trainable(self, value: Any) -> None: ...
    @property
    def remat(self) -> Any: ...
    @remat.setter
    def remat(self, value: Any) -> None: ...
    @property
    def activity_regularizer(self) -> Any: ...
    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None: ...
    @property
    def dtype(self) -> Any: ...
    @property
    def compute_dtype(self) -> Any: ...
    @property
    def variable_dtype(self) -> Any: ...
    @property
    def supports_masking(self) -> Any: ...
    @supports_masking.setter
    def supports_masking(self, value: Any) -> None: ...
    @property
    def built(self) -> Any: ...
    @built.setter
    def built(self, value: Any) -> None: ...
    @property
    def weights(self) -> Any: ...
    @property
    def variables(self) -> Any: ...
    @property
    def trainable_weights(self) -> Any: ...
    @property
    def trainable_variables(self) -> Any: ...
    @property
    def non_trainable_weights(self) -> Any: ...
    @property
    def non_trainable_variables(self) -> Any: ...
    @property
    def losses(self) -> Any: ...
    def add_loss(self, loss: Any) -> Any: ...
    @property
    def input_shape(self) -> Any: ...
    @property
    def output_shape(self) -> Any: ...
    @property
    def input(self) -> Any: ...
    @property
    def output(self) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
    def get_weights(self) -> Any: ...
    def set_weights(self, weights: Any) -> Any: ...
    def count_params(self) -> Any: ...
    def __call__(self, x: Any, *others: Any, training: Any = None, **arguments: Any) -> Any: ...
    def build(self, input_shape: Any) -> Any: ...
    def call(self, *args: Any, **kwargs: Any) -> Any: ...
    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any: ...
    def add_weight(self, shape: Any = None, initializer: Any = None, dtype: Any = None, trainable: Any = True, autocast: Any = True, regularizer: Any = None, constraint: Any = None, aggregation: Any = 'none', overwrite_with_gradient: Any = False, name: Any = None) -> Any: ...
    def get_config(self) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
    def __repr__(self) -> Any: ...
    def __reduce__(self) -> Any: ...
class LayerNormalization(Layer):
    axis: Any
    epsilon: Any
    center: Any
    scale: Any
    beta_initializer: Any
    gamma_initializer: Any
    beta_regularizer: Any
    gamma_regularizer: Any
    beta_constraint: Any
    gamma_constraint: Any
    rms_scaling: Any
    def __init__(self, axis: Union[int, Sequence[int], None] = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True, beta_initializer: InitializerLike = 'zeros', gamma_initializer: InitializerLike = 'ones', beta_regularizer: RegularizerLike = None, gamma_regularizer: RegularizerLike = None, beta_constraint: ConstraintLike = None, gamma_constraint: ConstraintLike = None, rms_scaling: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class LeakyReLU(Layer):
    negative_slope: Any
    def __init__(self, negative_slope: float = 0.3, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Masked(Layer):
    def __init__(self, name: Any = None, **kwargs: Any) -> None: ...
    def get_config(self) -> Any: ...
class Masking(Layer):
    mask_value: Any
    def __init__(self, mask_value: float = 0.0, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
class MaxPooling1D(Layer):
    pool_size: Any
    strides: Any
    padding: Any
    data_format: Any
    def __init__(self, pool_size: int | Sequence[int] | Sequence[Sequence[int]] = ..., strides: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, padding: str = 'valid', data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class MaxPooling2D(Layer):
    pool_size: Any
    strides: Any
    padding: Any
    data_format: Any
    def __init__(self, pool_size: int | Sequence[int] | Sequence[Sequence[int]] = ..., strides: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, padding: str = 'valid', data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class MaxPooling3D(Layer):
    pool_size: Any
    strides: Any
    padding: Any
    data_format: Any
    def __init__(self, pool_size: int | Sequence[int] | Sequence[Sequence[int]] = ..., strides: Optional[int | Sequence[int] | Sequence[Sequence[int]]] = None, padding: str = 'valid', data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Maximum(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Minimum(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class MixUp(Layer):
    alpha: Any
    data_format: Any
    seed: Any
    def __init__(self, alpha: float = 0.2, data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class MultiHeadAttention(Layer):
    num_heads: Any
    key_dim: Any
    value_dim: Any
    dropout: Any
    use_bias: Any
    attention_axes: Any
    sliding_window: Any
    flash_attention: Any
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    use_gate: Any
    seed: Any
    def __init__(self, num_heads: int, key_dim: int, value_dim: Optional[int] = None, dropout: float = 0.0, use_bias: bool = True, output_shape: Optional[Union[int, Shape]] = None, attention_axes: Union[int, Sequence[int], None] = None, sliding_window: Optional[int] = None, flash_attention: Optional[bool] = None, kernel_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, use_gate: bool = False, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, query: Any, value: Any = None, key: Any = None, query_mask: Any = None, value_mask: Any = None, key_mask: Any = None, attention_mask: Any = None, return_attention_scores: Any = False, training: Any = None, use_causal_mask: Any = False) -> Any: ...
    def call(self, *args: Any, **kwargs: Any) -> Any: ...
    def build(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> Any: ...
    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any: ...
class Multiply(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Operation(Layer):
    def __init__(self, graph: Any, name: Any = None, **kwargs: Any) -> None: ...
    def get_config(self) -> Any: ...
class PReLU(Layer):
    alpha_initializer: Any
    alpha_regularizer: Any
    alpha_constraint: Any
    shared_axes: Any
    def __init__(self, alpha_initializer: InitializerLike = 'zeros', alpha_regularizer: RegularizerLike = None, alpha_constraint: ConstraintLike = None, shared_axes: Union[int, Sequence[int], None] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Permute(Layer):
    dims: Any
    def __init__(self, dims: Sequence[int], name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RMSNormalization(Layer):
    axis: Any
    epsilon: Any
    def __init__(self, axis: Union[int, Sequence[int], None] = -1, epsilon: float = 1e-06, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandAugment(Layer):
    value_range: Any
    num_ops: Any
    factor: Any
    interpolation: Any
    seed: Any
    data_format: Any
    def __init__(self, value_range: Sequence[float] = ..., num_ops: int = 2, factor: float | Sequence[float] = 0.5, interpolation: str = 'bilinear', seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomBrightness(Layer):
    factor: Any
    value_range: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomColorDegeneration(Layer):
    factor: Any
    value_range: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomColorJitter(Layer):
    value_range: Any
    brightness_factor: Any
    contrast_factor: Any
    saturation_factor: Any
    hue_factor: Any
    seed: Any
    data_format: Any
    def __init__(self, value_range: Sequence[float] = ..., brightness_factor: Optional[float | Sequence[float]] = None, contrast_factor: Optional[float | Sequence[float]] = None, saturation_factor: Optional[float | Sequence[float]] = None, hue_factor: Optional[float | Sequence[float]] = None, seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomContrast(Layer):
    factor: Any
    value_range: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomCrop(Layer):
    height: Any
    width: Any
    seed: Any
    data_format: Any
    def __init__(self, height: int, width: int, seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomElasticTransform(Layer):
    factor: Any
    scale: Any
    interpolation: Any
    fill_mode: Any
    fill_value: Any
    value_range: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float] = 1.0, scale: float | Sequence[float] = 1.0, interpolation: str = 'bilinear', fill_mode: str = 'reflect', fill_value: float = 0.0, value_range: Sequence[float] = ..., seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomErasing(Layer):
    factor: Any
    scale: Any
    fill_value: Any
    value_range: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float] = 1.0, scale: float | Sequence[float] = ..., fill_value: Optional[float | Sequence[float]] = None, value_range: Sequence[float] = ..., seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomFlip(Layer):
    mode: Any
    seed: Any
    data_format: Any
    def __init__(self, mode: str = 'horizontal_and_vertical', seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomGaussianBlur(Layer):
    factor: Any
    kernel_size: Any
    sigma: Any
    value_range: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float | Sequence[float] = 1.0, kernel_size: int | Sequence[int] | Sequence[Sequence[int]] = ..., sigma: float | Sequence[float] = 1.0, value_range: Sequence[float] = ..., data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomGrayscale(Layer):
    factor: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float = 0.5, data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomHue(Layer):
    factor: Any
    value_range: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomInvert(Layer):
    factor: Any
    value_range: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float] = 1.0, value_range: Sequence[float] = ..., seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomPerspective(Layer):
    factor: Any
    scale: Any
    interpolation: Any
    fill_value: Any
    seed: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float] = 1.0, scale: float = 1.0, interpolation: str = 'bilinear', fill_value: float = 0.0, seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomPosterization(Layer):
    factor: Any
    value_range: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomRotation(Layer):
    factor: Any
    fill_mode: Any
    interpolation: Any
    seed: Any
    fill_value: Any
    data_format: Any
    def __init__(self, factor: float | Sequence[float], fill_mode: str = 'reflect', interpolation: str = 'bilinear', seed: Optional[int] = None, fill_value: float = 0.0, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomSaturation(Layer):
    factor: Any
    value_range: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomSharpness(Layer):
    factor: Any
    value_range: Any
    data_format: Any
    seed: Any
    def __init__(self, factor: float | Sequence[float], value_range: Sequence[float] = ..., data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomShear(Layer):
    x_factor: Any
    y_factor: Any
    interpolation: Any
    fill_mode: Any
    fill_value: Any
    data_format: Any
    seed: Any
    def __init__(self, x_factor: float | Sequence[float] = 0.0, y_factor: float | Sequence[float] = 0.0, interpolation: str = 'bilinear', fill_mode: str = 'reflect', fill_value: float = 0.0, data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomTranslation(Layer):
    height_factor: Any
    width_factor: Any
    fill_mode: Any
    interpolation: Any
    seed: Any
    fill_value: Any
    data_format: Any
    def __init__(self, height_factor: float | Sequence[float], width_factor: float | Sequence[float], fill_mode: str = 'reflect', interpolation: str = 'bilinear', seed: Optional[int] = None, fill_value: float = 0.0, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RandomZoom(Layer):
    height_factor: Any
    width_factor: Any
    fill_mode: Any
    interpolation: Any
    seed: Any
    fill_value: Any
    data_format: Any
    def __init__(self, height_factor: float | Sequence[float], width_factor: Optional[float | Sequence[float]] = None, fill_mode: str = 'reflect', interpolation: str = 'bilinear', seed: Optional[int] = None, fill_value: float = 0.0, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class ReLU(Layer):
    max_value: Any
    negative_slope: Any
    threshold: Any
    def __init__(self, max_value: Optional[float] = None, negative_slope: float = 0.0, threshold: float = 0.0, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class RepeatVector(Layer):
    n: Any
    def __init__(self, n: int, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Rescaling(Layer):
    scale: Any
    offset: Any
    def __init__(self, scale: float, offset: float = 0.0, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Reshape(Layer):
    target_shape: Any
    def __init__(self, target_shape: Sequence[int], name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Resizing(Layer):
    height: Any
    width: Any
    interpolation: Any
    crop_to_aspect_ratio: Any
    pad_to_aspect_ratio: Any
    fill_mode: Any
    fill_value: Any
    antialias: Any
    data_format: Any
    def __init__(self, height: int, width: int, interpolation: str = 'bilinear', crop_to_aspect_ratio: bool = False, pad_to_aspect_ratio: bool = False, fill_mode: str = 'constant', fill_value: float = 0.0, antialias: bool = False, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class SeparableConv1D(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    data_format: Any
    dilation_rate: Any
    depth_multiplier: Any
    activation: Any
    use_bias: Any
    depthwise_initializer: Any
    pointwise_initializer: Any
    bias_initializer: Any
    depthwise_regularizer: Any
    pointwise_regularizer: Any
    bias_regularizer: Any
    depthwise_constraint: Any
    pointwise_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., depth_multiplier: int = 1, activation: ActivationLike = 'linear', use_bias: bool = True, depthwise_initializer: InitializerLike = 'glorot_uniform', pointwise_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', depthwise_regularizer: RegularizerLike = None, pointwise_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, depthwise_constraint: ConstraintLike = None, pointwise_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class SeparableConv2D(Layer):
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    data_format: Any
    dilation_rate: Any
    depth_multiplier: Any
    activation: Any
    use_bias: Any
    depthwise_initializer: Any
    pointwise_initializer: Any
    bias_initializer: Any
    depthwise_regularizer: Any
    pointwise_regularizer: Any
    bias_regularizer: Any
    depthwise_constraint: Any
    pointwise_constraint: Any
    bias_constraint: Any
    def __init__(self, filters: int, kernel_size: int | Sequence[int] | Sequence[Sequence[int]], strides: int | Sequence[int] | Sequence[Sequence[int]] = ..., padding: str = 'valid', data_format: str = 'channels_last', dilation_rate: int | Sequence[int] | Sequence[Sequence[int]] = ..., depth_multiplier: int = 1, activation: ActivationLike = 'linear', use_bias: bool = True, depthwise_initializer: InitializerLike = 'glorot_uniform', pointwise_initializer: InitializerLike = 'glorot_uniform', bias_initializer: InitializerLike = 'zeros', depthwise_regularizer: RegularizerLike = None, pointwise_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, depthwise_constraint: ConstraintLike = None, pointwise_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
class SimpleRNN(Layer):
    units: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: Any
    recurrent_dropout: Any
    return_sequences: Any
    return_state: Any
    go_backwards: Any
    stateful: Any
    unroll: Any
    seed: Any
    zero_output_for_mask: Any
    def __init__(self, units: int, activation: ActivationLike = 'tanh', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', recurrent_initializer: InitializerLike = 'orthogonal', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, recurrent_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, activity_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, recurrent_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False, seed: Optional[int] = None, zero_output_for_mask: bool = False, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any: ...
    @property
    def input_spec(self) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    @property
    def states(self) -> Any: ...
    def get_initial_state(self, batch_size: Any) -> Any: ...
    def reset_state(self) -> Any: ...
    def reset_states(self) -> Any: ...
class SimpleRNNCell(Layer):
    units: Any
    activation: Any
    use_bias: Any
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: Any
    recurrent_dropout: Any
    seed: Any
    def __init__(self, units: int, activation: ActivationLike = 'tanh', use_bias: bool = True, kernel_initializer: InitializerLike = 'glorot_uniform', recurrent_initializer: InitializerLike = 'orthogonal', bias_initializer: InitializerLike = 'zeros', kernel_regularizer: RegularizerLike = None, recurrent_regularizer: RegularizerLike = None, bias_regularizer: RegularizerLike = None, kernel_constraint: ConstraintLike = None, recurrent_constraint: ConstraintLike = None, bias_constraint: ConstraintLike = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
    def __call__(self, inputs: Any, states: Any, training: Any = None) -> Any: ...
    @property
    def state_size(self) -> Any: ...
    @property
    def output_size(self) -> Any: ...
    def get_initial_state(self, batch_size: Any = None) -> Any: ...
class Softmax(Layer):
    axis: Any
    def __init__(self, axis: Union[int, Sequence[int], None] = -1, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Solarization(Layer):
    addition_factor: Any
    threshold_factor: Any
    value_range: Any
    seed: Any
    data_format: Any
    def __init__(self, addition_factor: float | Sequence[float] = 0.0, threshold_factor: float | Sequence[float] = 0.0, value_range: Sequence[float] = ..., seed: Optional[int] = None, data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class SpatialDropout1D(Layer):
    rate: Any
    data_format: Any
    seed: Any
    def __init__(self, rate: float, data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class SpatialDropout2D(Layer):
    rate: Any
    data_format: Any
    seed: Any
    def __init__(self, rate: float, data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class SpatialDropout3D(Layer):
    rate: Any
    data_format: Any
    seed: Any
    def __init__(self, rate: float, data_format: str = 'channels_last', seed: Optional[int] = None, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class SpectralNormalization(Wrapper):
    def build(self, input_shape: Any) -> Any: ...
    def __init__(self, layer: Any, power_iterations: Any = 1, **kwargs: Any) -> None: ...
    @property
    def power_iterations(self) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
    def get_config(self) -> Any: ...
class Subtract(Layer):
    def __init__(self, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class TimeDistributed(Wrapper):
    def build(self, input_shape: Any) -> Any: ...
    def compute_output_shape(self, input_shape: Any) -> Any: ...
class UnitNormalization(Layer):
    axis: Any
    def __init__(self, axis: Union[int, Sequence[int], None] = -1, name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class UpSampling1D(Layer):
    size: Any
    data_format: Any
    def __init__(self, size: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class UpSampling2D(Layer):
    size: Any
    data_format: Any
    interpolation: Any
    def __init__(self, size: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', interpolation: str = 'nearest', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class UpSampling3D(Layer):
    size: Any
    data_format: Any
    def __init__(self, size: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class Wrapper(Layer):
    layer: Any
    def __init__(self, layer: Any, **kwargs: Any) -> None: ...
    def build(self, input_shape: Any = None) -> Any: ...
    def get_config(self) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
class ZeroPadding1D(Layer):
    padding: Any
    data_format: Any
    def __init__(self, padding: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class ZeroPadding2D(Layer):
    padding: Any
    data_format: Any
    def __init__(self, padding: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
class ZeroPadding3D(Layer):
    padding: Any
    data_format: Any
    def __init__(self, padding: int | Sequence[int] | Sequence[Sequence[int]] = ..., data_format: str = 'channels_last', name: Optional[str] = None, *, trainable: bool = ..., remat: Optional[bool] = ..., input_shape: Optional[Shape] = ..., input_dim: Optional[int] = ..., batch_input_shape: Optional[Shape] = ...) -> None: ...
def add(inputs: Any, **kwargs: Any) -> Any: ...
def average(inputs: Any, **kwargs: Any) -> Any: ...
def concatenate(inputs: Any, axis: Any = -1, **kwargs: Any) -> Any: ...
def deserialize(config: Any, custom_objects: Any = None) -> Any: ...
def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any: ...
def input_layer_of(tensor: Any) -> Any: ...
def layer_of_core(core: Any, graphs: Any) -> Any: ...
def maximum(inputs: Any, **kwargs: Any) -> Any: ...
def minimum(inputs: Any, **kwargs: Any) -> Any: ...
def multiply(inputs: Any, **kwargs: Any) -> Any: ...
def serialize(obj: Any) -> Any: ...
def subtract(inputs: Any, **kwargs: Any) -> Any: ...
def symbol_of(layer: Any) -> Any: ...
