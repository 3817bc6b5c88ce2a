"""tf.train: TensorFlow 1's optimizers, with its numerics. An update is made of the graph's own ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

import numpy as np

from . import _core
from ._framework import (
    Tensor,
    as_operation,
    as_tensor,
    get_default_graph,
    make_group,
)
from ._gradients import gradients
from ._math_ops import cast, sqrt
from ._missing import getattr_of as _getattr_of
from ._variables import Variable, assign, trainable_variables

if TYPE_CHECKING:
    from ._framework import Graph, Operation
    from ._typing import Name, TensorLike

__getattr__ = _getattr_of(__name__)


class Optimizer:
    """Base of the optimizers: `minimize` adds the update of the variables to the graph."""

    def __init__(self, use_locking: bool, name: Name) -> None:
        self._name = name
        self._slots = {}

    def get_name(self) -> str:
        return self._name

    def minimize(
        self,
        loss: Tensor,
        global_step: Optional[Variable] = None,
        var_list: Optional[Sequence[Variable]] = None,
        gate_gradients: Any = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: Name = None,
        grad_loss: Optional[TensorLike] = None,
    ) -> Operation:
        """The operation that changes the variables so that `loss` falls."""
        pairs = self.compute_gradients(loss, var_list, grad_loss=grad_loss)
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Tensor,
        var_list: Optional[Sequence[Variable]] = None,
        gate_gradients: Any = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Optional[TensorLike] = None,
    ) -> List[Tuple[Optional[Tensor], Variable]]:
        """[(gradient or None, variable)] for the trainable variables or those given."""
        if callable(loss):
            loss = loss()
        variables = list(trainable_variables() if var_list is None else _as_list(var_list))
        if not variables:
            raise _core.InvalidArgument("No variables to optimize.")
        weights = None if grad_loss is None else [grad_loss]
        return list(zip(gradients(loss, variables, weights), variables))

    def apply_gradients(
        self,
        grads_and_vars: Sequence[Tuple[Optional[TensorLike], Variable]],
        global_step: Optional[Variable] = None,
        name: Name = None,
    ) -> Operation:
        """The operation that changes the variables by the gradients."""
        pairs = [(g, v) for g, v in grads_and_vars]
        connected = [(as_tensor(g), v) for g, v in pairs if g is not None]
        if not connected:
            names = [v.name for _, v in pairs]
            raise _core.InvalidArgument(f"No gradients provided for any variable: {names}")
        graph = connected[0][1].graph
        full = graph.unique_name(name or self._name)
        previous, graph._scope = graph._scope, full + "/"
        try:
            updates = self._prepare(graph, [v for _, v in connected])
            for gradient, variable in connected:
                if gradient.dtype != variable.dtype:
                    gradient = cast(gradient, variable.dtype)
                updates += self._apply(gradient, variable)
            updates += self._finish()
            if global_step is not None:
                updates.append(assign(global_step, global_step + 1, name="Assign"))
        finally:
            graph._scope = previous
        return make_group(graph, full, [as_operation(update) for update in updates])

    def get_slot_names(self) -> List[str]:
        return sorted({slot for _, slot in self._slots})

    def get_slot(self, var: Variable, name: Name) -> Optional[Variable]:
        """The variable that holds `name` (such as "momentum") of `var`, or None."""
        return self._slots.get((var.name, name))

    def variables(self) -> List[Variable]:
        """All variables of the optimizer itself."""
        return list(self._slots.values())

    # For the optimizers.

    def _slot(self, variable, slot, start, label=None):
        """A variable of the same shape that starts with `start` in every element; TensorFlow names
        it "<variable>/<optimizer>".
        """
        key = (variable.name, slot)
        if key not in self._slots:
            array = np.full(variable.shape.as_list(), start, variable.dtype.as_numpy_dtype)
            name = f"{variable.op.name}/{label or self._name}"
            self._slots[key] = _plain_variable(variable.graph, array, name)
        return self._slots[key]

    def _number(self, value, variable):
        """A hyperparameter: a number, a value of the graph, or a function that gives either."""
        if callable(value):
            value = value()
        if isinstance(value, Tensor):
            return value if value.dtype == variable.dtype else cast(value, variable.dtype)
        return as_tensor(value, variable.dtype, name="number", graph=variable.graph)

    def _prepare(self, graph, variables):
        return []

    def _apply(self, gradient, variable):
        raise NotImplementedError

    def _finish(self):
        return []


def _as_list(items):
    return items if isinstance(items, (list, tuple)) else [items]


def _plain_variable(graph, array, name):
    """A variable that no scope prefixes and no optimizer trains."""
    previous, graph._scope = graph._scope, ""
    try:
        with graph.as_default():
            return Variable(array, trainable=False, name=name)
    finally:
        graph._scope = previous


class GradientDescentOptimizer(Optimizer):
    """w -= rate * g."""

    def __init__(
        self, learning_rate: TensorLike, use_locking: bool = False, name: Name = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name)
        self._rate = learning_rate

    def _apply(self, g, w):
        return [assign(w, w - self._number(self._rate, w) * g)]


class MomentumOptimizer(Optimizer):
    """a = momentum * a + g; w -= rate * a. Nesterov: w -= rate * (g + momentum * a)."""

    def __init__(
        self,
        learning_rate: TensorLike,
        momentum: TensorLike,
        use_locking: bool = False,
        name: Name = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._rate = learning_rate
        self._momentum = momentum
        self._nesterov = use_nesterov

    def _apply(self, g, w):
        accumulator = self._slot(w, "momentum", 0)
        rate, momentum = self._number(self._rate, w), self._number(self._momentum, w)
        a = momentum * accumulator + g
        step = rate * g + rate * momentum * a if self._nesterov else rate * a
        return [assign(accumulator, a), assign(w, w - step)]


class AdamOptimizer(Optimizer):
    """Kingma and Ba, "Adam", 2015, in the form before its section 2.1's "epsilon hat":
    w -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon).
    """

    def __init__(
        self,
        learning_rate: TensorLike = 0.001,
        beta1: TensorLike = 0.9,
        beta2: TensorLike = 0.999,
        epsilon: float = 1e-08,
        use_locking: bool = False,
        name: Name = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._rate, self._beta1, self._beta2 = learning_rate, beta1, beta2
        self._epsilon = epsilon
        self._powers = None

    def _prepare(self, graph, variables):
        if self._powers is None or self._powers[0].graph is not graph:
            first = variables[0].dtype.as_numpy_dtype
            # The powers beta^t of the step that comes next.
            self._powers = [
                _plain_variable(graph, np.asarray(beta, first), name)
                for beta, name in ((self._beta1, "beta1_power"), (self._beta2, "beta2_power"))
            ]
        return []

    def _apply(self, g, w):
        m, v = self._slot(w, "m", 0), self._slot(w, "v", 0)
        beta1, beta2 = self._number(self._beta1, w), self._number(self._beta2, w)
        power1, power2 = (self._number(power, w) for power in self._powers)
        rate = self._number(self._rate, w) * sqrt(1 - power2) / (1 - power1)
        new_m = m + (g - m) * (1 - beta1)
        new_v = v + (g * g - v) * (1 - beta2)
        step = rate * new_m / (sqrt(new_v) + self._number(self._epsilon, w))
        return [assign(m, new_m), assign(v, new_v), assign(w, w - step)]

    def _finish(self):
        power1, power2 = self._powers
        return [assign(power1, power1 * self._beta1), assign(power2, power2 * self._beta2)]

    def variables(self) -> List[Variable]:
        return list(self._powers or ()) + super().variables()


class RMSPropOptimizer(Optimizer):
    """s = decay * s + (1 - decay) * g^2, starting at 1;
    mom = momentum * mom + rate * g / sqrt(s + epsilon); w -= mom. Centered: the running mean of g,
    squared, is subtracted from s.
    """

    def __init__(
        self,
        learning_rate: TensorLike,
        decay: TensorLike = 0.9,
        momentum: TensorLike = 0.0,
        epsilon: float = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: Name = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._rate, self._decay, self._momentum = learning_rate, decay, momentum
        self._epsilon, self._centered = epsilon, centered

    def _apply(self, g, w):
        s = self._slot(w, "rms", 1)
        mean = self._slot(w, "mg", 0) if self._centered else None
        mom = self._slot(w, "momentum", 0)
        decay = self._number(self._decay, w)
        new_s = s + (g * g - s) * (1 - decay)
        updates, spread = [assign(s, new_s)], new_s
        if mean is not None:
            new_mean = mean + (g - mean) * (1 - decay)
            updates.append(assign(mean, new_mean))
            spread = new_s - new_mean * new_mean
        scaled = self._number(self._rate, w) * g / sqrt(spread + self._number(self._epsilon, w))
        new_mom = self._number(self._momentum, w) * mom + scaled
        return updates + [assign(mom, new_mom), assign(w, w - new_mom)]


class AdagradOptimizer(Optimizer):
    """a += g^2; w -= rate * g / sqrt(a)."""

    def __init__(
        self,
        learning_rate: TensorLike,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: Name = "Adagrad",
    ) -> None:
        super().__init__(use_locking, name)
        self._rate = learning_rate
        self._start = initial_accumulator_value

    def _apply(self, g, w):
        accumulator = self._slot(w, "accumulator", self._start)
        a = accumulator + g * g
        step = self._number(self._rate, w) * g / sqrt(a)
        return [assign(accumulator, a), assign(w, w - step)]


def create_global_step(graph: Optional[Graph] = None) -> Variable:
    """A new int64 variable "global_step" that no optimizer trains."""
    graph = graph or get_default_graph()
    return _plain_variable(graph, np.asarray(0, np.int64), "global_step")


def get_global_step(graph: Optional[Graph] = None) -> Optional[Variable]:
    """The variable "global_step", or None."""
    graph = graph or get_default_graph()
    found = graph._core.find("global_step")
    return graph.tensor(found[0]) if found else None


def get_or_create_global_step(graph: Optional[Graph] = None) -> Variable:
    """The variable "global_step", made when there is none."""
    return get_global_step(graph) or create_global_step(graph)


def exponential_decay(
    learning_rate: TensorLike,
    global_step: Optional[Variable],
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: Name = None,
) -> Tensor:
    """learning_rate * decay_rate ^ (global_step / decay_steps)."""
    from ._math_ops import floor
    from ._math_ops import pow as power

    rate = as_tensor(learning_rate)
    exponent = cast(global_step, rate.dtype) / cast(decay_steps, rate.dtype)
    if staircase:
        exponent = floor(exponent)
    return rate * power(cast(decay_rate, rate.dtype), exponent)
