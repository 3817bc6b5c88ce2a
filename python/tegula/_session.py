"""Sessions: hold the values of a graph's variables and run parts of it."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence

from . import _core, _seed
from ._framework import STACKS, Operation, Tensor, get_default_graph
from ._nested import walks

if TYPE_CHECKING:
    from ._framework import Graph
    from ._typing import Fetch, TensorLike

# Compiled calls that a session keeps; beyond that all are dropped and made again on use.
_MAX_CALLS = 256


class ConfigProto:
    """Settings of a session. Only `intra_op_parallelism_threads` has an effect: it sets the number
    of threads of the process. `seed`, `optimize` and `disabled_passes` are Tegula's own.
    """

    def __init__(
        self,
        intra_op_parallelism_threads: Any = 0,
        seed: Optional[int] = None,
        optimize: bool = True,
        disabled_passes: Any = (),
        **ignored,
    ) -> None:
        self.intra_op_parallelism_threads = intra_op_parallelism_threads
        self.seed = seed
        self.optimize = optimize
        self.disabled_passes = list(disabled_passes)
        self.gpu_options = types.SimpleNamespace()
        self.__dict__.update(ignored)


class _Step:
    """One compiled combination of fetches and feeds."""

    __slots__ = ("call", "pack", "initializes", "single")

    def __init__(self, call, pack, initializes, single):
        self.call = call
        self.pack = pack
        self.initializes = initializes
        self.single = single


class Session:
    """Runs a graph. As a context manager it is the default session, and its graph the default one.

    Safe to use from several threads.
    """

    def __init__(
        self, target: str = "", graph: Optional[Graph] = None, config: Optional[ConfigProto] = None
    ) -> None:
        self.graph = get_default_graph() if graph is None else graph
        config = config or ConfigProto()
        if config.intra_op_parallelism_threads > 0:
            _core.set_thread_count(config.intra_op_parallelism_threads)
        seed = self.graph.seed if config.seed is None else config.seed
        self._core = _core.Session(
            self.graph._core,
            (_seed.take() if seed is None else int(seed)) & (2**64 - 1),
            config.optimize,
            config.disabled_passes,
            initialize_on_read=False,
        )
        self._steps = {}
        self._entered = []

    # Running.

    def run(
        self,
        fetches: Any,
        feed_dict: Optional[Dict[Fetch, TensorLike]] = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """The values of `fetches`, in the same structure: a value, operation or name, or lists,
        tuples and dicts of them. Operations give None, scalars NumPy scalars. `feed_dict` maps
        values or their names to array-likes; any value may be fed.
        """
        if feed_dict:
            feeds = tuple(feed_dict)
            arrays = tuple(feed_dict.values())
        else:
            feeds = arrays = ()
        kind = type(fetches)
        try:
            key = (kind, tuple(fetches) if kind is list else fetches, feeds)
            step = self._steps.get(key)
        except TypeError:  # a nested list or a dict
            leaves = []
            _flatten(fetches, leaves)
            for leaf in leaves:
                _check_fetch(leaf)
            for feed in feeds:
                _check_feed(feed)
            key = (None, tuple(leaves), feeds)
            step = self._steps.get(key)
            if step is None:
                step = self._prepare(key, leaves, feeds)
            results = iter(step.pack(self._run(step, arrays)))
            return _rebuild(fetches, results)
        if step is None:
            step = self._prepare(key, fetches, feeds)
        if step.single:
            return step.call(arrays)[0]
        return step.pack(self._run(step, arrays))

    def _run(self, step, arrays):
        if step.initializes:
            self._core.initialize(step.initializes)
        return step.call(arrays) if step.call is not None else ()

    def _prepare(self, key, fetches, feeds):
        if self._core is None:
            raise RuntimeError("Attempted to use a closed Session.")
        leaves = []
        _flatten(fetches, leaves)
        elements = [self._element(leaf) for leaf in leaves]
        feed_tensors = [self._feed(feed) for feed in feeds]
        values, targets, initializes, places = [], [], [], []
        for element in elements:
            if isinstance(element, Tensor):
                places.append(len(values))
                values.append(element._value)
            else:
                places.append(None)
                targets += element._targets
                initializes += element._initializes
                for other in element._control:
                    targets += other._targets
                    initializes += other._initializes
        if self.graph._control_inputs:
            extra = _control_targets(self.graph, values + targets, initializes)
            targets += [v for v in extra if v not in values]
        targets = list(dict.fromkeys(targets))
        call = None
        if values or targets or feeds:
            call = self._core.compile([t._value for t in feed_tensors], values, targets)

        single = isinstance(fetches, (Tensor, str)) and places == [0] and not initializes
        if isinstance(fetches, (Tensor, Operation, str)):
            place = places[0]

            def pack(results):
                return None if place is None else results[place]
        elif type(fetches) is list and len(fetches) == len(leaves):

            def pack(results):
                return [None if p is None else results[p] for p in places]
        else:

            def pack(results):
                flat = iter([None if p is None else results[p] for p in places])
                return _rebuild(fetches, flat)

        step = _Step(call, pack, initializes, single)
        if len(self._steps) >= _MAX_CALLS:
            self._steps.clear()
        self._steps[key] = step
        return step

    def _element(self, item):
        _check_fetch(item)
        return self.graph.as_graph_element(item)

    def _feed(self, item):
        _check_feed(item)
        if isinstance(item, str) and ":" not in item:
            item += ":0"
        return self.graph.as_graph_element(item)

    def __repr__(self):
        state = "closed" if self._core is None else f"of {self.graph!r}"
        return f"<tf.{type(self).__name__} {state}>"

    def make_callable(
        self,
        fetches: Any,
        feed_list: Optional[Sequence[Fetch]] = None,
        accept_options: bool = False,
    ) -> Callable[..., Any]:
        """A function of one array per feed that gives the values of `fetches`."""
        feeds = list(feed_list or ())

        def call(*arrays):
            return self.run(fetches, dict(zip(feeds, arrays)))

        return call

    def explain(self, fetches: Any, feed_dict: Optional[Dict[Fetch, TensorLike]] = None) -> str:
        """What folds and fuses into what, and what the plan needs, for these feeds' shapes."""
        feed_dict = feed_dict or {}
        self._prepare(None, fetches, tuple(feed_dict))
        step = self._steps.pop(None)
        return step.call.explain([_core.to_array(a).shape for a in feed_dict.values()])

    def set_profiler(self, profiler: Optional[_core.Profiler]) -> None:
        """Records every kernel in a `tf.Profiler` from now on; None switches off."""
        self._core.set_profiler(profiler)

    # Life.

    def close(self) -> None:
        """Drops the variables' values. Running afterwards is an error."""
        self._core = None
        self._steps = {}

    def as_default(self) -> Any:
        """A context in which it is the default session."""
        return _DefaultSession(self)

    def __enter__(self):
        default_graph = self.graph.as_default()
        default_graph.__enter__()
        STACKS.sessions.append(self)
        self._entered.append(default_graph)
        return self

    def __exit__(self, *exception):
        STACKS.sessions.pop()
        self._entered.pop().__exit__(*exception)
        self.close()

    def list_devices(self) -> List[str]:
        return ["/job:localhost/replica:0/task:0/device:CPU:0"]


def _check_fetch(item):
    if isinstance(item, (Tensor, Operation, str)):
        return
    kind = type(item).__name__
    hint = "" if item is None else f" (Can not convert a {kind} into a Tensor or Operation.)"
    raise TypeError(
        f"Argument `fetch` = {item!r} has invalid type {kind!r}: what can be fetched are Tensors, "
        f"Variables, Operations and their names, and lists, tuples and dicts of them.{hint}"
    )


def _check_feed(item):
    if not isinstance(item, (Tensor, str)):
        raise TypeError(
            f"Cannot interpret feed_dict key as Tensor: a key must be a Tensor or its name, got "
            f"{item!r} of type {type(item).__name__!r}"
        )


class _DefaultSession:
    def __init__(self, session):
        self._session = session

    def __enter__(self):
        STACKS.sessions.append(self._session)
        return self._session

    def __exit__(self, *exception):
        STACKS.sessions.pop()


class InteractiveSession(Session):
    """A session that is the default one from its creation until it is closed."""

    def __init__(
        self, target: str = "", graph: Optional[Graph] = None, config: Optional[ConfigProto] = None
    ) -> None:
        super().__init__(target, graph, config)
        STACKS.sessions.append(self)

    def close(self) -> None:
        if self in STACKS.sessions:
            STACKS.sessions.remove(self)
        super().close()


def get_default_session() -> Optional[Session]:
    """The innermost session of this thread, or None."""
    return STACKS.sessions[-1] if STACKS.sessions else None


def session_or_default(session):
    session = session or get_default_session()
    if session is None:
        raise _core.InvalidArgument(
            "there is no default session: use `with tf.Session():` or give session="
        )
    return session


@walks
def _flatten(structure, leaves):
    if isinstance(structure, (list, tuple)):
        for item in structure:
            _flatten(item, leaves)
    elif isinstance(structure, dict):
        for item in structure.values():
            _flatten(item, leaves)
    else:
        leaves.append(structure)


def _rebuild(structure, flat):
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(_rebuild(item, flat) for item in structure))
    if isinstance(structure, (list, tuple)):
        return type(structure)(_rebuild(item, flat) for item in structure)
    if isinstance(structure, dict):
        return type(structure)((k, _rebuild(item, flat)) for k, item in structure.items())
    return next(flat)


def _control_targets(graph, values, initializes):
    """The targets of the control inputs of all nodes that `values` depend on."""
    found, stack, seen = [], list(values), set()
    while stack:
        value = stack.pop()
        if value.node_id in seen:
            continue
        seen.add(value.node_id)
        stack += value.inputs
        for operation in graph._control_inputs.get(value.node_id, ()):
            for target in operation._targets:
                found.append(target)
                stack.append(target)
            initializes += operation._initializes
    return found
