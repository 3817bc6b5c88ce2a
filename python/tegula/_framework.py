"""Graphs, values and operations as Python objects, and how Python values become values of a graph.

Building is define-then-run: calls add nodes to the default graph and compute nothing.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from typing import TYPE_CHECKING, Any, List, Optional

import numpy as np

from . import _core
from ._dtypes import DTYPES, DType, TensorShape, as_dtype
from ._text import utf8

if TYPE_CHECKING:
    from ._typing import DTypeLike, Name, TensorLike


class _Stacks(threading.local):
    """What this thread builds in and runs, innermost last."""

    def __init__(self):
        self.graphs = []
        self.sessions = []
        self.functions = []  # graphs of branches and bodies of loops that are being built


STACKS = _Stacks()


class VariableScope:
    """The prefix, default initializer and reuse of `get_variable`."""

    def __init__(self, name, initializer=None, reuse=None):
        self.name = name
        self.initializer = initializer
        self.reuse = reuse

    def reuse_variables(self):
        """From now on `get_variable` gets variables that exist."""
        self.reuse = True


class Graph:
    """A static graph. `with graph.as_default():` makes it the one that calls build in.

    `building_function` says that a function of the user's is being traced, such as a layer's `call`
    or a loss; there `==` of tensors compares their elements, as it does in TensorFlow.
    """

    def __init__(self, core=None, building_function=False, outer=None):
        from . import _array_ops  # noqa: F401 - gives Tensor its operators

        self._core = _core.Graph() if core is None else core
        self._tensors = weakref.WeakValueDictionary()  # (node id, output) -> Tensor
        self._operations = weakref.WeakValueDictionary()  # node id -> Operation
        self._groups = {}  # operations without a node, by name
        self._name_counts = {}
        self._scope = ""
        self._variable_scope = VariableScope("")
        self._collections = {}
        self._control_stack = []
        # Under control dependencies: node ids of variables that those assign -> the assignment, or
        # the node that reads the variable after it.
        self._assigned = {}
        self._control_inputs = {}  # node id -> operations that must run with the node
        self.seed = None
        self.building_function = building_function
        self.outer = outer  # of the graph of a branch or of a loop's body: the one around it

    def innermost(self):
        """Where calls with tensors of this graph build: in the branch or body around which it lies,
        else in the graph itself.
        """
        functions = STACKS.functions
        if functions and any(self is graph.outer or self is graph for graph in functions):
            return functions[-1]
        return self

    @contextlib.contextmanager
    def as_default(self):
        """While entered, calls on this thread build in this graph."""
        STACKS.graphs.append(self)
        try:
            yield self
        finally:
            STACKS.graphs.pop()

    # Names.

    def unique_name(self, name, mark_as_used=True):
        """`name` within the current scope, with the suffix _1, _2, ... when it is taken.

        A name that ends in "/" is taken as it is, without the slash.
        """
        if name.endswith("/"):
            return name[:-1]
        return self._unique(self._scope + name, mark_as_used)

    def _unique(self, name, mark_as_used=True):
        counts = self._name_counts
        key = utf8(name).lower()
        count = counts.get(key, 0)
        if mark_as_used:
            counts[key] = count + 1
        if count == 0 and not self._core.find(name):
            return name
        while True:
            candidate = f"{name}_{max(count, 1)}"
            count = max(count, 1) + 1
            if candidate.lower() not in counts and not self._core.find(candidate):
                break
        if mark_as_used:
            counts[key] = count
            counts[candidate.lower()] = 1
        return candidate

    @contextlib.contextmanager
    def name_scope(self, name):
        """Prefixes the names of what is built inside. Yields the prefix, with a slash."""
        previous = self._scope
        if not name:
            self._scope = ""
        elif name.endswith("/"):
            self._scope = name
        else:
            self._scope = self._unique(previous + name) + "/"
        try:
            yield self._scope
        finally:
            self._scope = previous

    def get_name_scope(self):
        return self._scope[:-1]

    # Building.

    def build(self, op, inputs, attrs, name):
        """Adds a node of op `op` with the full name `name`; returns its outputs as Tensors."""
        innermost = self.innermost()
        if innermost is not self and op not in ("placeholder", "variable"):
            return innermost.build(op, inputs, attrs, name)
        values = [tensor._value for tensor in inputs]
        if self._assigned:
            values = self._as_assigned(op, values)
        values = _core.build(self._core, op, values, attrs, name)
        if self._control_stack:
            self._control_inputs[values[0].node_id] = tuple(
                operation for level in self._control_stack for operation in level
            )
        return [self.tensor(value) for value in values]

    def _as_assigned(self, op, values):
        """The inputs of a new node, with variables as they are after the assignments that the
        control inputs make. What an assignment sets stays the variable.
        """
        kept = 1 if op == "assign" else 0
        return values[:kept] + [self.read_assigned(value) for value in values[kept:]]

    def read_assigned(self, value):
        """The core value of a variable after the assignments of the control inputs; any other value as
        it is.
        """
        found = self._assigned.get(value.node_id)
        if found is None:
            return value
        if found.op == "assign":
            name = self._unique(f"{found.node_name}/read")
            found = _core.build(self._core, "read_after", [value, found], {}, name)[0]
            self._assigned[value.node_id] = found
        return found

    def _assignments(self, operations):
        """{node id of a variable: the last assignment to it that running `operations` makes}."""
        made = {}
        for operation in operations:
            made.update(self._assignments(operation._control))
            for value in _ancestors(self, operation._targets):
                if value.op == "assign":
                    made[value.inputs[0].node_id] = value
        return made

    def tensor(self, value):
        """The Tensor of a core value of this graph: always the same object while it is in use."""
        key = (value.node_id, value.index)
        tensor = self._tensors.get(key)
        if tensor is None:
            if value.op == "variable":
                from ._variables import Variable

                tensor = Variable._of(self, value)
            else:
                tensor = Tensor(self, value)
            self._tensors[key] = tensor
        return tensor

    def operation(self, value):
        """The Operation that gives a core value: always the same object while it is in use."""
        operation = self._operations.get(value.node_id)
        if operation is None:
            operation = Operation(self, value.node_name, outputs=value.outputs)
            self._operations[value.node_id] = operation
        return operation

    @contextlib.contextmanager
    def control_dependencies(self, control_inputs):
        """What is built inside is run together with `control_inputs`, and after them as far as that
        shows: where they assign a variable, what is built inside reads its new value. What was built
        before reads variables as they were before the run.
        """
        level = [as_operation(item) for item in control_inputs or ()]
        outer = self._control_stack, self._assigned
        if control_inputs is None:
            self._control_stack, self._assigned = [], {}
        else:
            self._assigned = {**self._assigned, **self._assignments(level)}
            self._control_stack = self._control_stack + [level]
        try:
            yield
        finally:
            self._control_stack, self._assigned = outer

    # Looking up.

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The Tensor "x:0". ValueError when there is none."""
        if not isinstance(name, str):
            raise TypeError(f"a name must be a str, got {type(name).__name__}")
        if ":" not in utf8(name):
            raise _core.InvalidArgument(
                f'"{name}" names an operation; a value is named "<operation>:<output>", such as '
                f'"{name}:0"'
            )
        return self.tensor(self._core.value(name))

    def get_operation_by_name(self, name: str) -> Operation:
        """The Operation "x". ValueError when there is none."""
        if name in self._groups:
            return self._groups[name]
        values = self._core.find(utf8(name))
        if not values:
            self._core.value(name + ":0")  # raises NotFound with similar names
        return self.operation(values[0])

    def as_graph_element(self, item, allow_tensor=True, allow_operation=True):
        """The Tensor or Operation that `item` is or names."""
        if isinstance(item, str):
            item = (
                self.get_tensor_by_name(item) if ":" in item else self.get_operation_by_name(item)
            )
        if not isinstance(item, (Tensor, Operation)):
            raise TypeError(
                f"a value, an operation or a name is expected, got {item!r} of type "
                f"{type(item).__name__}"
            )
        if item.graph is not self:
            raise _core.InvalidArgument(f"{item!r} belongs to another graph")
        return item

    def get_operations(self) -> List[Operation]:
        """All operations that have a node, in order of creation."""
        core = self._core
        nodes = (core.node(i) for i in range(core.node_count()))
        return [self.operation(values[0]) for values in nodes]

    # Collections.

    def add_to_collection(self, name: str, value: Any) -> None:
        self._collections.setdefault(name, []).append(value)

    def get_collection(self, name, scope=None):
        if name == GraphKeys.GLOBAL_VARIABLES:
            return [self.tensor(value) for value in self._core.variables()]
        if name == GraphKeys.TRAINABLE_VARIABLES:
            return [self.tensor(v) for v in self._core.variables() if v.attrs["trainable"]]
        return list(self._collections.get(name, ()))

    def get_all_collection_keys(self):
        return list(self._collections)

    # The graph as a whole.

    def to_text(self) -> str:
        """Readable and parseable form, one node a line."""
        return self._core.to_text()

    @staticmethod
    def from_text(text: str) -> Graph:
        """Parses `to_text`'s output."""
        return Graph(_core.Graph.from_text(text))

    def to_dot(self) -> str:
        """Graphviz form."""
        return self._core.to_dot()

    def finalize(self):
        """Accepted for compatibility; graphs stay open."""

    def __repr__(self):
        return (
            f"<tf.Graph of {self._core.node_count()} operations, "
            f"{len(self._core.variables())} of them variables>"
        )


def _ancestors(graph, values):
    """The core values that the values depend on, through inputs and control inputs, in order of
    creation.
    """
    found, stack = {}, list(values)
    while stack:
        value = stack.pop()
        if value.node_id in found:
            continue
        found[value.node_id] = value
        stack += value.inputs
        for operation in graph._control_inputs.get(value.node_id, ()):
            stack += operation._targets
    return [found[node_id] for node_id in sorted(found)]


class GraphKeys:
    """Names of the standard collections."""

    GLOBAL_VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    LOCAL_VARIABLES = "local_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    LOSSES = "losses"
    UPDATE_OPS = "update_ops"
    GLOBAL_STEP = "global_step"
    SUMMARIES = "summaries"


_global_graph = None


def building_function() -> bool:
    """Whether a function of the user's is being traced into a graph on this thread."""
    return bool(STACKS.graphs) and STACKS.graphs[-1].building_function


def get_default_graph() -> Graph:
    """The graph that calls build in: the innermost `as_default`, else one for the process."""
    global _global_graph
    if STACKS.graphs:
        return STACKS.graphs[-1]
    if _global_graph is None:
        _global_graph = Graph()
    return _global_graph


def reset_default_graph() -> None:
    """Drops the process's default graph; the next call starts an empty one."""
    global _global_graph
    if STACKS.graphs:
        raise RuntimeError(
            "reset_default_graph() cannot be called inside `with graph.as_default()`"
        )
    _global_graph = None


class NoValueError(_core.DTypeError, NotImplementedError):
    """A tensor stands where its value is needed. TensorFlow raises a NotImplementedError there."""


class Tensor:
    """One output of an operation: what a node of the graph computes when a session runs it."""

    __slots__ = ("graph", "_value", "__weakref__")
    # NumPy leaves `array * tensor` to Tensor.__rmul__.
    __array_priority__ = 100
    __array_ufunc__ = None

    if TYPE_CHECKING:  # The modules of the operations install them.

        def _binary(self, other: TensorLike) -> Tensor: ...
        def _unary(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _binary
        __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _binary
        __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _binary
        __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _binary
        __gt__ = __ge__ = __lt__ = __le__ = _binary
        __neg__ = __abs__ = __invert__ = __pos__ = _unary

    def __init__(self, graph: Graph, value: _core.Value):
        self.graph = graph
        self._value = value

    @property
    def name(self) -> str:
        """ "<operation>:<output>"."""
        return self._value.name

    @property
    def dtype(self) -> DType:
        return DTYPES[self._value.dtype]

    @property
    def shape(self) -> TensorShape:
        """The static shape; None for unknown dimensions."""
        return TensorShape(self._value.shape)

    def get_shape(self) -> TensorShape:
        return self.shape

    def set_shape(self, shape):
        """Checks that the static shape is compatible with `shape`."""
        if not self.shape.is_compatible_with(shape):
            raise _core.ShapeError(f"{self!r} cannot have the shape {TensorShape(shape)}")

    @property
    def ndim(self) -> int:
        return len(self._value.shape)

    @property
    def op(self) -> Operation:
        return self.graph.operation(self._value)

    @property
    def value_index(self) -> int:
        return self._value.index

    @property
    def device(self) -> str:
        return ""

    def eval(self, feed_dict=None, session=None):
        """The value, computed in the session or the default one."""
        from ._session import session_or_default

        return session_or_default(session).run(self, feed_dict)

    def consumers(self) -> List[Operation]:
        """The operations that take this value as an input."""
        return [
            operation
            for operation in self.graph.get_operations()
            if any(self._value == value for value in operation._outputs[0].inputs)
        ]

    def __repr__(self):
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    __str__ = __repr__

    # In graphs of TensorFlow 1 two tensors are equal when they are the same one, and keys of dicts.
    __hash__ = object.__hash__

    def __eq__(self, other):
        return self._compared("equal", other) if self._elementwise(other) else self is other

    def __ne__(self, other):
        return self._compared("not_equal", other) if self._elementwise(other) else self is not other

    def _elementwise(self, other):
        return self.graph.building_function and other is not None

    def _compared(self, op, other):
        return apply(op, [self, other], None, None, "".join(map(str.title, op.split("_"))))

    def __bool__(self):
        raise _core.DTypeError(
            f"{self!r} has no value while the graph is built: it is neither true nor false. Use "
            "tf.where for a choice within the graph, or `is None` to test for absence"
        )

    def __iter__(self):
        raise _core.DTypeError(
            f"{self!r} cannot be iterated while the graph is built; use tf.unstack or tf.split"
        )

    def __len__(self):
        raise _core.DTypeError(f"len of {self!r} is not defined; use tf.shape or .shape")

    def __array__(self, *_, **__):
        raise NoValueError(
            f"{self!r} has no value while the graph is built; compute it with Session.run"
        )

    def __float__(self):
        raise _core.DTypeError(f"{self!r} has no value while the graph is built; use Session.run")

    __int__ = __float__


class Operation:
    """A node of the graph, or a group of them: run for what it does. Running it gives None."""

    __slots__ = ("graph", "name", "_outputs", "_targets", "_initializes", "_control", "__weakref__")

    def __init__(self, graph, name, outputs=(), targets=None, initializes=(), control=()):
        self.graph = graph
        self.name = name
        self._outputs = list(outputs)
        # What running it computes, and the variables that it gives their initial values.
        self._targets = list(outputs[:1]) if targets is None else list(targets)
        self._initializes = list(initializes)
        self._control = list(control)

    @property
    def type(self) -> str:
        return self._outputs[0].op if self._outputs else "NoOp"

    @property
    def outputs(self) -> List[Tensor]:
        return [self.graph.tensor(value) for value in self._outputs]

    @property
    def inputs(self) -> List[Tensor]:
        return [self.graph.tensor(v) for v in self._outputs[0].inputs] if self._outputs else []

    @property
    def control_inputs(self):
        return list(self._control)

    @property
    def node_def(self):
        """The node in one line, with the place that built it."""
        return self._outputs[0].describe() if self._outputs else f'NoOp "{self.name}"'

    def get_attr(self, name):
        return self._outputs[0].attrs[name]

    def run(self, feed_dict=None, session=None):
        """Runs it in the session or the default one."""
        from ._session import session_or_default

        session_or_default(session).run(self, feed_dict)

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"


def as_operation(item):
    """The Operation of a Tensor or Operation."""
    if isinstance(item, Operation):
        return item
    if isinstance(item, Tensor):
        return item.op
    raise TypeError(f"a value or an operation is expected, got {type(item).__name__}")


def make_group(graph, name, operations=(), initializes=()):
    """An operation of full name `name` that runs all `operations`."""
    targets, initialized, control = [], list(initializes), []
    for level in graph._control_stack:
        control += level
    for operation in operations:
        targets += operation._targets
        initialized += operation._initializes
        control += operation._control
    group = Operation(graph, name, targets=targets, initializes=initialized, control=control)
    graph._groups[name] = group
    return group


# Python values as values of the graph.


def graph_of(*items):
    """The graph of the first Tensor among the items, else the default graph."""
    for item in items:
        if isinstance(item, Tensor):
            return item.graph.innermost()
        if isinstance(item, (list, tuple)):
            for element in item:
                if isinstance(element, Tensor):
                    return element.graph.innermost()
    return get_default_graph()


def _contains_tensor(value):
    return isinstance(value, (list, tuple)) and any(
        isinstance(item, Tensor) or _contains_tensor(item) for item in value
    )


def to_array(value, dtype=None):
    """A new array of `value`, of TensorFlow's default dtype (float32, int32) or of `dtype`.

    TypeError when `dtype` would lose fractions.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
    else:
        array = np.array(value)
        if array.dtype == object:
            raise _core.InvalidArgument(
                f"cannot make an array of {value!r}: its rows differ in length"
            )
        if not _has_numpy_items(value):
            if array.dtype == np.float64:
                array = array.astype(np.float32) if dtype is None else array
            elif array.dtype == np.int64 and dtype is None:
                if array.size and (array.max() > 2**31 - 1 or array.min() < -(2**31)):
                    raise _core.InvalidArgument(
                        f"{value!r} does not fit into int32; give dtype=tf.int64"
                    )
                array = array.astype(np.int32)
    result = _core.to_array(array, None if dtype is None else dtype.name)
    # The caller may go on writing into its array.
    shared = isinstance(value, np.ndarray) and np.may_share_memory(result, value)
    return result.copy() if shared else result


def _has_numpy_items(value):
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (np.ndarray, np.generic))


def constant_in(graph, array, name):
    """A constant with the full name `name`."""
    return graph.build("constant", (), {"value": array}, name)[0]


def convert_to_tensor(
    value: TensorLike,
    dtype: Optional[DTypeLike] = None,
    name: Name = None,
    preferred_dtype: Optional[DTypeLike] = None,
    dtype_hint: Optional[DTypeLike] = None,
) -> Tensor:
    """`value` as a Tensor: Tensors as they are, anything else as a constant."""
    dtype = None if dtype is None else as_dtype(dtype)
    hint = preferred_dtype or dtype_hint
    return as_tensor(value, dtype, hint=None if hint is None else as_dtype(hint), name=name)


def as_tensor(value, dtype=None, hint=None, name=None, graph=None):
    """`value` as a Tensor of `dtype`, or preferably of the dtype `hint`."""
    if isinstance(value, Tensor):
        if dtype is not None and value._value.dtype != dtype.name:
            raise _core.DTypeError(f"{value!r} is given where {dtype.name} is needed; use tf.cast")
        return value
    if hasattr(value, "_as_graph_element"):
        return as_tensor(value._as_graph_element(), dtype, hint, name, graph)
    graph = graph or get_default_graph()
    if _contains_tensor(value):
        from ._array_ops import stack

        return stack([as_tensor(item, dtype, hint, graph=graph) for item in value])
    if dtype is None and hint is not None:
        try:
            array = to_array(value, hint)
        except TypeError:
            array = to_array(value)
    else:
        array = to_array(value, dtype)
    return constant_in(graph, array, graph.unique_name(name or "Const"))


def same_graph(tensors):
    """The graph of all tensors. InvalidArgument when they belong to different ones."""
    graph = tensors[0].graph.innermost()
    for tensor in tensors:
        if tensor.graph is not graph and tensor.graph.innermost() is not graph:
            raise _core.InvalidArgument(f"{tensors[0]!r} and {tensor!r} belong to different graphs")
    return graph


def apply(op, inputs, attrs=None, name=None, default="", dtype=None):
    """Builds one node on array-likes and Tensors and returns its first output.

    `name` is the user's name, `default` TensorFlow's name for the operation. Array-likes take the
    dtype `dtype` when given, else prefer the dtype of the first Tensor.
    """
    return apply_all(op, inputs, attrs, name, default, dtype)[0]


def apply_all(op, inputs, attrs=None, name=None, default="", dtype=None):
    """As `apply`, with all outputs."""
    graph = graph_of(*inputs)
    full = graph.unique_name(name or default or op)
    tensors = operands(graph, inputs, full, dtype)
    if tensors:
        same_graph(tensors)
    return graph.build(op, tensors, attrs or {}, full)


_OPERAND_NAMES = "xyzwuv"


def operands(graph, inputs, full_name, dtype=None):
    """The inputs of the node `full_name` as Tensors: constants are named "<node>/x", "<node>/y"."""
    hint = next((i.dtype for i in inputs if isinstance(i, Tensor) and i.dtype.name != "bool"), None)
    tensors = []
    for position, item in enumerate(inputs):
        if not isinstance(item, Tensor):
            label = _OPERAND_NAMES[position] if position < 6 else f"input_{position}"
            item = as_tensor(item, dtype, hint, f"{full_name}/{label}/", graph)
        tensors.append(item)
    return tensors


@contextlib.contextmanager
def composed(name, default, *inputs):
    """For operations of several nodes: yields (full name, scope for the parts).

    The node that gives the result takes the name `full + "/"`; the others get the prefix.
    """
    graph = graph_of(*inputs)
    full = graph.unique_name(name or default)
    previous, graph._scope = graph._scope, full + "/"
    try:
        yield full + "/"
    finally:
        graph._scope = previous


def name_scope(name, default_name=None, values=None):
    """Prefixes the names of what is built inside. Yields the prefix."""
    return get_default_graph().name_scope(name if name is not None else default_name)


def control_dependencies(control_inputs):
    """See Graph.control_dependencies."""
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> Any:
    """A context without effect: everything runs on the CPU."""
    return contextlib.nullcontext(device_name_or_function)


def group(*inputs: Any, name: Name = None) -> Operation:
    """An operation that runs all of the inputs (operations, values, or lists of them)."""
    items = []
    for item in inputs:
        items += item if isinstance(item, (list, tuple)) else [item]
    operations = [as_operation(item) for item in items]
    graph = operations[0].graph if operations else get_default_graph()
    return make_group(graph, graph.unique_name(name or "group_deps"), operations)


def no_op(name: Name = None) -> Operation:
    """An operation that does nothing."""
    graph = get_default_graph()
    return make_group(graph, graph.unique_name(name or "NoOp"))
