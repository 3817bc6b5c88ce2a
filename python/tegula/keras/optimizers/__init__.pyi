# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from .._typing import ActivationLike, ConstraintLike, DTypeLike, InitializerLike, LearningRate
from .._typing import RegularizerLike, Shape

from . import schedules as schedules
class Adadelta(Optimizer):
    rho: Any
    epsilon: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, rho: float = 0.95, epsilon: float = 1e-07, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Adafactor(Optimizer):
    beta_2_decay: Any
    epsilon_1: Any
    epsilon_2: Any
    clip_threshold: Any
    relative_step: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, beta_2_decay: float = -0.8, epsilon_1: float = 1e-30, epsilon_2: float = 0.001, clip_threshold: float = 1.0, relative_step: bool = True, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Adagrad(Optimizer):
    initial_accumulator_value: Any
    epsilon: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-07, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Adam(Optimizer):
    beta_1: Any
    beta_2: Any
    epsilon: Any
    amsgrad: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-07, amsgrad: bool = False, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class AdamW(Optimizer):
    weight_decay: Any
    beta_1: Any
    beta_2: Any
    epsilon: Any
    amsgrad: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, weight_decay: Optional[float] = 0.004, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-07, amsgrad: bool = False, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Adamax(Optimizer):
    beta_1: Any
    beta_2: Any
    epsilon: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-07, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Ftrl(Optimizer):
    learning_rate_power: Any
    initial_accumulator_value: Any
    l1_regularization_strength: Any
    l2_regularization_strength: Any
    l2_shrinkage_regularization_strength: Any
    beta: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, learning_rate_power: float = -0.5, initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0, l2_shrinkage_regularization_strength: float = 0.0, beta: float = 0.0, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Lamb(Optimizer):
    beta_1: Any
    beta_2: Any
    epsilon: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-07, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Lion(Optimizer):
    beta_1: Any
    beta_2: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Muon(Optimizer):
    adam_beta_1: Any
    adam_beta_2: Any
    adam_weight_decay: Any
    epsilon: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    exclude_layers: Any
    exclude_embeddings: Any
    muon_a: Any
    muon_b: Any
    muon_c: Any
    adam_lr_ratio: Any
    momentum: Any
    ns_steps: Any
    nesterov: Any
    rms_rate: Any
    def __init__(self, learning_rate: LearningRate = 0.001, adam_beta_1: float = 0.9, adam_beta_2: float = 0.999, adam_weight_decay: Optional[float] = 0.004, epsilon: float = 1e-07, weight_decay: Optional[float] = 0.004, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, exclude_layers: Sequence[str] = ..., exclude_embeddings: bool = True, muon_a: float = 3.4445, muon_b: float = -4.775, muon_c: float = 2.0315, adam_lr_ratio: float = 1.0, momentum: float = 0.95, ns_steps: int = 5, nesterov: bool = True, rms_rate: Optional[float] = 0.2, *, jit_compile: Any = ...) -> None: ...
class Nadam(Optimizer):
    beta_1: Any
    beta_2: Any
    epsilon: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-07, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class Optimizer:
    def __init__(self, learning_rate: Any, weight_decay: Any = None, clipnorm: Any = None, clipvalue: Any = None, global_clipnorm: Any = None, use_ema: Any = False, ema_momentum: Any = 0.99, ema_overwrite_frequency: Any = None, loss_scale_factor: Any = None, gradient_accumulation_steps: Any = None, name: Any = None, **kwargs: Any) -> None: ...
    @property
    def name(self) -> Any: ...
    @property
    def built(self) -> Any: ...
    @property
    def learning_rate(self) -> Any: ...
    @learning_rate.setter
    def learning_rate(self, value: Any) -> None: ...
    @property
    def lr(self) -> Any: ...
    @lr.setter
    def lr(self, value: Any) -> None: ...
    @property
    def iterations(self) -> Any: ...
    @property
    def variables(self) -> Any: ...
    def set_weights(self, weights: Any) -> Any: ...
    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> Any: ...
    def apply(self, *args: Any, **kwargs: Any) -> Any: ...
    def apply_gradients(self, *args: Any, **kwargs: Any) -> Any: ...
    def minimize(self, *args: Any, **kwargs: Any) -> Any: ...
    def stateless_apply(self, *args: Any, **kwargs: Any) -> Any: ...
    def get_config(self) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
    def build(self, variables: Any) -> Any: ...
    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> Any: ...
    def add_variable(self, shape: Any = ..., initializer: Any = 'zeros', dtype: Any = None, aggregation: Any = None, layout: Any = None, name: Any = None) -> Any: ...
    def add_variable_from_reference(self, reference_variable: Any, name: Any = None, initializer: Any = 'zeros') -> Any: ...
    def add_optimizer_variables(self, trainable_variables: Any, name: Any, initializer: Any = 'zeros') -> Any: ...
    def assign(self, variable: Any, value: Any) -> Any: ...
    def assign_add(self, variable: Any, value: Any) -> Any: ...
    def assign_sub(self, variable: Any, value: Any) -> Any: ...
    def __repr__(self) -> Any: ...
    def __reduce__(self) -> Any: ...
class RMSprop(Optimizer):
    rho: Any
    momentum: Any
    epsilon: Any
    centered: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-07, centered: bool = False, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class SGD(Optimizer):
    momentum: Any
    nesterov: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.01, momentum: float = 0.0, nesterov: bool = False, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
class ScheduleFreeAdamW(Optimizer):
    beta_1: Any
    beta_2: Any
    epsilon: Any
    warmup_steps: Any
    weight_decay: Any
    clipnorm: Any
    clipvalue: Any
    global_clipnorm: Any
    use_ema: Any
    ema_momentum: Any
    ema_overwrite_frequency: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    lazy_rows: Any
    def __init__(self, learning_rate: LearningRate = 0.0025, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-08, warmup_steps: int = 0, weight_decay: Optional[float] = None, clipnorm: Optional[float] = None, clipvalue: Optional[float] = None, global_clipnorm: Optional[float] = None, use_ema: bool = False, ema_momentum: float = 0.99, ema_overwrite_frequency: Optional[int] = None, loss_scale_factor: Optional[float] = None, gradient_accumulation_steps: Optional[int] = None, name: Optional[str] = None, lazy_rows: bool = False, *, jit_compile: Any = ...) -> None: ...
def deserialize(config: Any, custom_objects: Any = None) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(obj: Any) -> Any: ...
