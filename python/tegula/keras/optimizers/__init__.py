"""Optimizers. One belongs to the model that was compiled with it."""

import inspect as _inspect
import weakref as _weakref

import numpy as _np

from ... import _core
from .. import _objects
from .._serialization import arguments_in as _arguments_in
from .._values import as_result as _as_result
from .._values import build_or_evaluate as _build_or_evaluate
from . import _rules, schedules

_nn = _core.nn


class _Rate(float):
    """The learning rate of the moment; `assign` changes it."""

    _optimizer = None

    @property
    def value(self):
        return _as_result(_np.float32(self))

    def numpy(self):
        return _np.float32(self)

    def assign(self, value):
        self._optimizer.learning_rate = value


class _Count(int):
    """The number of updates so far."""

    @property
    def value(self):
        return _as_result(_np.int64(self))

    def numpy(self):
        return _np.int64(self)


def _outside(method):
    """A method of Keras's that changes variables at once, which only models can."""

    def refuse(self, *args, **kwargs):
        raise NotImplementedError(
            f"Optimizer.{method} changes variables at once, but an optimizer here becomes part of "
            "a model's training step: use compile() with fit() or train_on_batch(), or for a graph "
            "of your own tegula.train, whose optimizers have minimize() and apply_gradients()"
        )

    refuse.__name__ = refuse.__qualname__ = method
    refuse.__doc__ = "Not available outside of a model."
    return refuse


class Optimizer(_rules.Rule, _objects.Object):
    """Base of all optimizers. For your own, derive, make the state in `build(variables)` with
    `add_variable_from_reference`, and define `update_step(gradient, variable, learning_rate)`, which
    assigns with `assign`, `assign_add` and `assign_sub`; it is called once per variable when a
    step is built.

    Args:
        learning_rate: Rate, schedule, or function without arguments.
        name: Name; by default made from the class's.
    """

    _kind = "optimizer"
    _module = "keras.optimizers"
    _model = None  # a weak reference to the model that was compiled with this optimizer

    def __init__(self, learning_rate, weight_decay=None, clipnorm=None, clipvalue=None,
                 global_clipnorm=None, use_ema=False, ema_momentum=0.99,
                 ema_overwrite_frequency=None, loss_scale_factor=None,
                 gradient_accumulation_steps=None, name=None, **kwargs):
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        arguments = locals()
        given = {option: arguments[option] for option in Optimizer._fields}
        self._create({option: value for option, value in given.items() if value is not None})

    def _create(self, given):
        super()._create(given)
        rule = self._entry is None or self._overrides("update_step")
        if rule or self._overrides("build"):
            self._core.override_rules(self, True, rule)

    @classmethod
    def _make(cls, options):
        options.setdefault("name", _nn.unique_layer_name(cls.__name__))
        if cls._entry is None:
            return _nn.make_user_optimizer(cls.__name__, options)
        return super()._make(options)

    @property
    def name(self):
        return self._core.name

    @property
    def built(self):
        return self._core.built

    def _owner(self):
        """The model, once it has made this optimizer's variables; else None."""
        model = self._model() if self._model is not None else None
        return model if model is not None and self._core.built else None

    def _belongs_to(self, model):
        self._model = _weakref.ref(model)

    @property
    def learning_rate(self):
        """The rate of the next update, as a float that has `value`, `numpy()` and
        `assign(value)`; within `update_step` a tensor.
        """
        if self._tracing:
            return self._rate
        owner = self._owner()
        if self._core.scheduled:
            schedule = self._core.option_object("learning_rate")
            step = _np.float32(self._calls())
            rate = float(_build_or_evaluate(lambda value: _nn.schedule(schedule, value), step))
        elif owner is not None:
            rate = owner._model.learning_rate()
        else:
            rate = float(_np.float32(self._core.config()["learning_rate"]))
        result = _Rate(rate)
        result._optimizer = self
        return result

    @learning_rate.setter
    def learning_rate(self, value):
        owner = self._owner()
        if callable(value):
            self._set_option("learning_rate", value)
        elif self._core.scheduled:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its "
                "`learning_rate`, hence its learning rate is not settable."
            )
        elif owner is not None:
            owner._model.set_learning_rate(float(value))
        else:
            self._set_option("learning_rate", float(value))

    lr = learning_rate

    def _calls(self):
        """Batches so far: with accumulation more than updates."""
        owner = self._owner()
        if owner is None:
            return 0
        return int(owner._model.get(self._core.variables[0]))

    @property
    def iterations(self):
        """Updates so far, as an int that has `value` and `numpy()`; within `update_step` a tensor."""
        if self._tracing:
            return self._update_number()
        steps = self._core.config()["gradient_accumulation_steps"] or 1
        return _Count(self._calls() // steps)

    @property
    def variables(self):
        """The state: iterations, learning rate, averages, accumulators, slots."""
        from .._variables import variable_of_model

        owner = self._owner()
        return [] if owner is None else [variable_of_model(owner, v) for v in self._core.variables]

    def set_weights(self, weights):
        """Replaces the state, in the order of `variables`. ValueError for a wrong number or shape,
        or before a model has made the variables.
        """
        variables = self.variables
        if not variables:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. "
                "Compile a model with it and build the model first."
            )
        if len(weights) != len(variables):
            raise ValueError(f"optimizer {self.name} has {len(variables)} variables, got "
                             f"{len(weights)} values")
        for variable, value in zip(variables, weights):
            if _np.shape(value) != tuple(variable.shape):
                raise ValueError(f"a value of shape {_np.shape(value)} does not fit "
                                 f"{variable.path}, of shape {variable.shape}")
        for variable, value in zip(variables, weights):
            variable.assign(value)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Leaves variables out of weight decay: those listed, and those whose name contains one of
        `var_names`. To be called before the optimizer is built.
        """
        paths = [variable._value.node_name for variable in var_list or ()]
        self._core.exclude_from_weight_decay(list(var_names or ()), paths)

    apply = _outside("apply")
    apply_gradients = _outside("apply_gradients")
    minimize = _outside("minimize")
    stateless_apply = _outside("stateless_apply")

    def get_config(self):
        config = {**super().get_config(), "name": self.name}
        if not self._core.scheduled:
            config["learning_rate"] = float(self.learning_rate)
        if not config["lazy_rows"]:
            del config["lazy_rows"]  # Keras reads the configuration, too
        return config

    @classmethod
    def from_config(cls, config):
        config = _arguments_in(cls, config)
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config["learning_rate"] = schedules.deserialize(rate)
        return cls(**config)


Optimizer._fields = frozenset(_inspect.signature(Optimizer.__init__).parameters) - {
    "self", "kwargs"
}
for _name, _option in _objects.options_of(Optimizer, Optimizer._fields).items():
    setattr(Optimizer, _name, _option)


def _class_init(self, *args, **kwargs):
    _objects.Object.__init__(self, *args, **kwargs)


_CLASSES = _objects.classes_of(
    Optimizer, ignored=("jit_compile",), members={"": {"__init__": _class_init}}
)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES)
get = _objects.getter("optimizer", _CLASSES, Optimizer)
serialize, deserialize = _objects.serialize, _objects.deserializer(get)
