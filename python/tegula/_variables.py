"""Variables: state that a session holds and that survives runs."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence

from . import _core
from ._dtypes import DTYPES, TensorShape, as_dtype
from ._framework import (
    GraphKeys,
    Operation,
    Tensor,
    VariableScope,
    as_tensor,
    get_default_graph,
    make_group,
)

if TYPE_CHECKING:
    from ._session import Session
    from ._typing import DTypeLike, Name, ShapeLike, TensorLike


class Variable(Tensor):
    """A value that a session holds, read wherever it is used.

    `initial_value`: an array-like, a Tensor, or a function without arguments that gives either.
    Assignments take effect at the end of a run, after everything in it has read the variable; only
    what is built under `control_dependencies` of an assignment reads the new value.
    """

    __slots__ = ()

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        collections: Optional[Sequence[str]] = None,
        validate_shape: Optional[bool] = True,
        name: Name = None,
        dtype: Optional[DTypeLike] = None,
        shape: Optional[ShapeLike] = None,
        **unused,
    ) -> None:
        if unused.keys() - {
            "caching_device",
            "expected_shape",
            "import_scope",
            "constraint",
            "use_resource",
            "synchronization",
            "aggregation",
            "variable_def",
        }:
            raise TypeError(f"tf.Variable takes no argument {sorted(unused)[0]!r}")
        graph = get_default_graph()
        full = graph.unique_name(name or "Variable")
        if initial_value is None:
            raise _core.InvalidArgument("tf.Variable needs an initial value")
        if callable(initial_value):
            initial_value = initial_value()
        dtype = None if dtype is None else as_dtype(dtype)
        initial = as_tensor(initial_value, dtype, name=full + "/initial_value/", graph=graph)
        static = initial._value.shape if shape is None else tuple(TensorShape(shape))
        value = graph._core.variable(
            initial._value, initial._value.dtype, static, full, bool(trainable)
        )
        super().__init__(graph, value)
        graph._tensors[(value.node_id, 0)] = self
        for collection in collections or ():
            if collection not in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES):
                graph.add_to_collection(collection, self)

    @classmethod
    def _of(cls, graph, value):
        variable = cls.__new__(cls)
        Tensor.__init__(variable, graph, value)
        return variable

    @property
    def trainable(self):
        return self._value.attrs["trainable"]

    @property
    def initializer(self):
        """The operation that gives it its initial value."""
        name = self._value.node_name + "/Assign"
        operation = self.graph._groups.get(name)
        if operation is None:
            operation = Operation(self.graph, name, initializes=[self._value])
            self.graph._groups[name] = operation
        return operation

    @property
    def initial_value(self):
        """The Tensor that it starts from."""
        initial = self.graph._core.initial_value(self._value)
        return None if initial is None else self.graph.tensor(initial)

    def initialized_value(self) -> Tensor:
        """The Tensor that it starts from."""
        return self.initial_value

    def value(self):
        """The variable itself: it is read wherever it is used. Under `control_dependencies` of an
        assignment to it, the new value.
        """
        return self.graph.tensor(self.graph.read_assigned(self._value))

    read_value = value

    def assign(
        self,
        value: TensorLike,
        use_locking: bool = False,
        name: Name = None,
        read_value: bool = True,
    ):
        """A value that sets the variable when it is run."""
        return assign(self, value, name=name)

    def assign_add(
        self,
        delta: TensorLike,
        use_locking: bool = False,
        name: Name = None,
        read_value: bool = True,
    ):
        """A value that adds to the variable when it is run."""
        return assign_add(self, delta, name=name)

    def assign_sub(
        self,
        delta: TensorLike,
        use_locking: bool = False,
        name: Name = None,
        read_value: bool = True,
    ):
        """A value that subtracts from the variable when it is run."""
        return assign_sub(self, delta, name=name)

    def load(self, value: TensorLike, session: Optional[Session] = None) -> None:
        """Sets it in the session or the default one."""
        from ._session import session_or_default

        session_or_default(session)._core.set(self._value, _core.to_array(value, self.dtype.name))

    def __repr__(self):
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    __str__ = __repr__


def _assign(ref, value, update, name, default):
    if not isinstance(ref, Variable):
        raise TypeError(f"only a tf.Variable can be assigned, got {ref!r}")
    graph = ref.graph
    full = graph.unique_name(name or default)
    value = as_tensor(value, None, ref.dtype, f"{full}/value/", graph)
    if update is not None:
        value = graph.build(update, [ref, value], {}, f"{full}/{update}")[0]
    return graph.build("assign", [ref, value], {}, full)[0]


def assign(
    ref: Variable,
    value: TensorLike,
    validate_shape: Optional[bool] = None,
    use_locking: Optional[bool] = None,
    name: Name = None,
) -> Tensor:
    """Sets the variable when it is run; its value is the new one."""
    return _assign(ref, value, None, name, "Assign")


def assign_add(
    ref: Variable, value: TensorLike, use_locking: Optional[bool] = None, name: Name = None
) -> Tensor:
    """Adds to the variable when it is run; its value is the sum."""
    return _assign(ref, value, "add", name, "AssignAdd")


def assign_sub(
    ref: Variable, value: TensorLike, use_locking: Optional[bool] = None, name: Name = None
) -> Tensor:
    """Subtracts from the variable when it is run; its value is the difference."""
    return _assign(ref, value, "sub", name, "AssignSub")


def global_variables(scope: Optional[str] = None) -> List[Variable]:
    """All variables of the default graph, in order of creation."""
    found = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)
    return [v for v in found if scope is None or v.name.startswith(scope)]


def trainable_variables(scope: Optional[str] = None) -> List[Variable]:
    """The variables that optimizers change by default."""
    found = get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)
    return [v for v in found if scope is None or v.name.startswith(scope)]


def local_variables(scope: Optional[str] = None) -> List[Variable]:
    """No variable is local to a process here: an empty list."""
    return []


def variables_initializer(var_list: Optional[Sequence[Variable]], name: Name = "init") -> Operation:
    """An operation that gives the variables their initial values."""
    graph = var_list[0].graph if var_list else get_default_graph()
    values = [variable._value for variable in var_list]
    return make_group(graph, graph.unique_name(name or "init"), initializes=values)


def global_variables_initializer() -> Operation:
    """An operation that gives all variables of the default graph their initial values."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """An operation that does nothing; see `local_variables`."""
    return variables_initializer([], "init")


def get_collection(key: str, scope: Optional[str] = None) -> List[Any]:
    """The items of a collection of the default graph."""
    return get_default_graph().get_collection(key, scope)


def add_to_collection(name: Name, value: TensorLike) -> None:
    """Adds an item to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


AUTO_REUSE = "auto"


@contextlib.contextmanager
def variable_scope(
    name_or_scope: Any,
    default_name: Optional[str] = None,
    values: Sequence[TensorLike] = None,
    initializer: Any = None,
    reuse: Any = None,
) -> Iterator[VariableScope]:
    """Prefixes the names of variables from `get_variable`, and opens a name scope.

    `reuse`: True to get variables that exist, AUTO_REUSE to get or make them.
    """
    graph = get_default_graph()
    name = default_name if name_or_scope is None else name_or_scope
    scope = name if isinstance(name, VariableScope) else None
    if scope is None:
        outer = graph._variable_scope
        scope = VariableScope(
            f"{outer.name}/{name}" if outer.name else name,
            initializer or outer.initializer,
            reuse or outer.reuse,
        )
    elif reuse or initializer:
        scope = VariableScope(scope.name, initializer or scope.initializer, reuse or scope.reuse)
    previous, graph._variable_scope = graph._variable_scope, scope
    try:
        with graph.name_scope(scope.name.rpartition("/")[2]):
            yield scope
    finally:
        graph._variable_scope = previous


def get_variable_scope() -> VariableScope:
    """The innermost `variable_scope`."""
    return get_default_graph()._variable_scope


def get_variable(
    name: Name,
    shape: Optional[ShapeLike] = None,
    dtype: DTypeLike = DTYPES["float32"],
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Optional[Sequence[str]] = None,
) -> Variable:
    """A variable by its name within the variable scope: a new one, or one that exists where the
    scope says `reuse`. `initializer`: a function of a shape, or a value; default Glorot-uniform.
    """
    graph = get_default_graph()
    scope = graph._variable_scope
    full = f"{scope.name}/{name}" if scope.name else name
    found = graph._core.find(full)
    if found:
        if not scope.reuse:
            raise _core.InvalidArgument(
                f"the variable {full} exists already, built at {found[0].location}; to share it, "
                "use variable_scope(..., reuse=tf.AUTO_REUSE)"
            )
        variable = graph.tensor(found[0])
        if shape is not None and variable.shape != TensorShape(shape):
            raise _core.ShapeError(f"{variable!r} is shared with the shape {TensorShape(shape)}")
        return variable
    if scope.reuse is True:
        raise _core.InvalidArgument(f"the variable {full} does not exist and cannot be reused")
    initializer = initializer or scope.initializer or _glorot_uniform
    if callable(initializer):
        if shape is None:
            raise _core.InvalidArgument(f"tf.get_variable: {full} needs a shape")
        initializer = initializer(tuple(TensorShape(shape)), dtype=as_dtype(dtype))
    previous, graph._scope = graph._scope, ""
    try:
        variable = Variable(initializer, trainable, collections, name=full)
    finally:
        graph._scope = previous
    if regularizer is not None:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, regularizer(variable))
    return variable


def _glorot_uniform(shape, dtype):
    """Glorot and Bengio, 2010: uniform with variance 2 / (in + out). The same arithmetic as the
    core's recipe, and so the same numbers as a layer's weights.
    """
    from ._random_ops import random_uniform

    receptive = math.prod(shape[:-2])
    fan_in = (shape[-2] if len(shape) > 1 else math.prod(shape)) * receptive
    fan_out = (shape[-1] if shape else 1) * receptive
    limit = math.sqrt(3 * (1 / max(1.0, (fan_in + fan_out) / 2)))
    return random_uniform(shape, -limit, limit, dtype)
