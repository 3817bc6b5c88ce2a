"""Losses: classes that reduce to one number, functions that give one value per sample."""

import inspect as _inspect

from .. import _core
from . import _objects
from ._values import build_or_evaluate as _build_or_evaluate
from ._values import on_core_values as _on_core_values

_nn = _core.nn


class Loss(_objects.Object):
    """Base of all losses. Derive and define `call(y_true, y_pred)`, which returns one value per
    sample, for your own.

    Args:
        name: Name of the loss.
        reduction: "sum_over_batch_size", "sum", "mean", "mean_with_sample_weight" or "none".
    """

    _kind = "loss"
    _module = "keras.losses"

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None, **kwargs):
        if self._entry is not None:
            super().__init__(name=name, reduction=reduction, **kwargs)
            self._take_overrides()
            return
        _objects.check_dtype(type(self).__name__, dtype)
        name = name or _nn.snake_case(type(self).__name__)
        self._core = self._user_core(name, reduction or "none", False)
        self._reduction = reduction or "none"

    def _take_overrides(self):
        """A class derived from a built-in one is what its `call` and `__call__` make it."""
        if self._overrides("call") or self._overrides("__call__"):
            self._native = self._core
            reduction = self._core.config()["reduction"]
            self._core = self._user_core(self._core.name, reduction, self._core.integer_targets)

    def _user_core(self, name, reduction, integer_targets):
        arguments = (
            _on_core_values(self.call), name, reduction, *_objects.identity(self)[1:],
            integer_targets,
        )
        whole = _on_core_values(self.__call__) if self._overrides("__call__") else None
        self._called = (arguments, whole)  # C++ does not keep them alive
        if whole is None:
            return _nn.make_user_loss(*arguments)
        self._below_call = _nn.make_user_loss(*arguments)  # what `super().__call__` computes
        return _nn.make_user_loss(*arguments, whole)

    @property
    def name(self):
        return self._core.name

    @property
    def reduction(self):
        return self._reduction if self._entry is None else self._options_core.config()["reduction"]

    def get_config(self):
        if self._entry is None:
            return {"name": self.name, "reduction": self.reduction}
        config = self._described_options(self._options_core.config())
        return {**config, "name": self.name}

    def call(self, y_true, y_pred):
        """One value per sample, before weights and reduction."""
        native = self._native or self._core
        if self._entry is None:
            raise NotImplementedError(f"{type(self).__name__} defines no `call`")
        return _build_or_evaluate(
            lambda t, p: _nn.loss_values(native, *_as_float32(native, t, p)), y_true, y_pred
        )

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of predictions (arrays or tensors), a scalar unless the reduction is "none"."""
        weights = [] if sample_weight is None else [sample_weight]

        core = self.__dict__.get("_below_call", self._core)

        def build(*values):
            return _nn.loss(core, *_as_float32(core, *values))

        return _build_or_evaluate(build, y_true, y_pred, *weights)


def _as_float32(core, y_true, y_pred, *weights):
    """Loss objects compute in float32, whatever they are given."""
    if not core.integer_targets:
        y_true = _nn.cast(y_true, "float32")
    return y_true, _nn.cast(y_pred, "float32"), *(_nn.cast(w, "float32") for w in weights)


def _as_numbers(core, y_true, y_pred):
    """Functions compute in the predictions' dtype, in float32 when that is no float."""
    dtype = y_pred.dtype if y_pred.dtype.startswith(("float", "bfloat")) else "float32"
    return y_true if core.integer_targets else _nn.cast(y_true, dtype), _nn.cast(y_pred, dtype)


def _class_init(self, *args, **kwargs):
    _objects.Object.__init__(self, *args, **kwargs)
    self._take_overrides()


_CLASSES = _objects.classes_of(
    Loss, after={"dtype": None}, members={"": {"__init__": _class_init}}
)


class _FunctionLoss(Loss):
    """A user's function of targets and predictions as a loss."""

    def __init__(self, function, name=None, reduction="sum_over_batch_size"):
        self.function = function
        name = name or getattr(function, "__name__", "loss")
        called = (_on_core_values(function), name, reduction, *_objects.identity(function)[1:])
        self._called = called  # C++ does not keep it alive
        self._core = _nn.make_user_loss(*called)
        self._reduction = reduction

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred)


def _circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80,
            margin=0.4):
    """The loss of each row of embeddings of length 1: among the rows of `ref_embeddings`, which have
    `ref_labels`, or among themselves.
    """
    references = [
        own if given is None else given
        for given, own in ((ref_labels, y_true), (ref_embeddings, y_pred))
    ]
    return _build_or_evaluate(
        lambda *values: _nn.circle(*values, gamma, margin, remove_diagonal),
        y_true, y_pred, *references,
    )


def _function(class_name):
    if class_name == "Circle":
        return _named(_circle, class_name)
    cls = _CLASSES[class_name]
    own = [a for a in cls._entry["arguments"] if a[0] not in ("name", "reduction")]
    names = [argument[0] for argument in own]

    def function(y_true, y_pred, *args, **kwargs):
        core = cls(**dict(zip(names, args)), **kwargs, reduction="none")._core
        return _build_or_evaluate(
            lambda t, p: _nn.loss(core, *_as_numbers(core, t, p)), y_true, y_pred
        )

    kind = _inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [_inspect.Parameter(n, kind) for n in ("y_true", "y_pred")]
    parameters += [_inspect.Parameter(n, kind, default=d) for n, d, _ in own]
    function.__signature__ = _inspect.Signature(parameters)
    function.__doc__ = cls._entry["doc"] + "\n\nOne value per sample."
    return _named(function, class_name)


def _named(function, class_name):
    """The function as that of a class."""
    function.__name__ = function.__qualname__ = _nn.snake_case(class_name)
    function._tegula_class = _CLASSES[class_name]
    function._tegula_name = function.__name__
    function.__module__ = __name__
    return function


def _function_names():
    """{"mean_squared_error": "MeanSquaredError", "mse": "MeanSquaredError", ...}"""
    return {
        name: cls
        for cls, aliases in _nn.loss_names().items()
        for name in (_nn.snake_case(cls), *aliases)
        if name.isidentifier()
    }


_FUNCTIONS = _objects.Made(_function_names(), _function)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES, _FUNCTIONS)


def _of_function(function):
    cls = getattr(function, "_tegula_class", None)
    return _FunctionLoss(function) if cls is None else cls()


# As `get`, but functions become objects that reduce to one number.
_object_of = _objects.getter("loss", _CLASSES, Loss, _of_function)


def get(identifier):
    """The loss that a name, a function, a config or an object means; None for None. As in Keras, the
    name of a function is the function ("mse": one value per sample), the name of a class an object
    of it ("MeanSquaredError").
    """
    if isinstance(identifier, str) and identifier in _FUNCTIONS and identifier not in _CLASSES:
        return _FUNCTIONS[identifier]
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    return _object_of(identifier)


def given(loss):
    """What the user gave for a loss: the function behind it, if there is one."""
    return loss.function if isinstance(loss, _FunctionLoss) else loss


serialize, deserialize = _objects.serialize, _objects.deserializer(get)
