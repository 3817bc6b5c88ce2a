"""Update rules written in Python: how `build` and `update_step` of an optimizer become graph."""

from ..._framework import Graph, Tensor, convert_to_tensor
from ..._math_ops import cast
from .. import _objects, initializers


class State(Tensor):
    """A variable as an update rule sees it: a tensor whose value is what was assigned last."""

    def __init__(self, graph, variable, index=None):
        super().__init__(graph, variable)
        self._variable = variable
        self.index = index  # among the trainable variables

    @property
    def path(self):
        return self._variable.node_name

    @property
    def name(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def value(self):
        return self

    @property
    def changed(self):
        return self._value != self._variable

    def reset(self):
        """Forgets what was assigned when an earlier step was built."""
        self._value = self._variable

    def assign(self, value):
        """Makes `value` the variable's, from here on and at the end of the step."""
        value = convert_to_tensor(value, dtype=self.dtype)
        if tuple(value.shape) != tuple(self.shape):
            raise ValueError(
                f"a value of shape {value.shape} does not fit {self.path}, of shape {self.shape}"
            )
        self._value = value._value
        return self

    def assign_add(self, value):
        return self.assign(self + value)

    def assign_sub(self, value):
        return self.assign(self - value)


class Rule:
    """What optimizers that Python code derives define and use."""

    _graph = None  # while the optimizer is built and afterwards
    _tracing = False  # while `update_step` builds
    _rate = None
    _states = ()
    _trainables = ()
    _step = None  # tells the training step that is being built from earlier ones

    def build(self, variables):
        """Makes the state of the update rule. A class of your own calls this first, then
        `add_variable_from_reference`; the model that is compiled with the optimizer calls it.
        """
        if self._graph is None:
            raise NotImplementedError(
                "Optimizer.build: an optimizer makes its variables in the model that is compiled "
                "with it, when the model is built; call compile() and build() of the model"
            )
        self._core.own_build()

    def update_step(self, gradient, variable, learning_rate):
        """Assigns one variable's next value; override it for a rule of your own."""
        if not self._tracing:
            raise NotImplementedError(
                "Optimizer.update_step is called when a model's training step is built, not by "
                "itself"
            )
        rate = convert_to_tensor(learning_rate, dtype="float32")
        weight, slots = self._core.own_update(
            variable.index, variable._value, convert_to_tensor(gradient)._value, rate._value
        )
        variable._value = weight
        self._own_slots.extend(slots)

    def add_variable(self, shape=(), initializer="zeros", dtype=None, aggregation=None,
                     layout=None, name=None):
        """A variable of the optimizer's, saved with it; for use in `build`."""
        if self._graph is None:
            raise ValueError("an optimizer's variables are made in its `build`")
        taken = {state.path.split("/", 1)[-1] for state in self._states}
        base = path = name or "variable"
        count = 0
        while path in taken:
            count += 1
            path = f"{base}_{count}"
        core = _objects.core_of(initializers, initializer, self, f"initializer of {path}")
        value = self._core.add_state(path, tuple(shape), dtype or "float32", core)
        state = State(self._graph, value)
        self._states.append(state)
        return state

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """A variable of the optimizer's of the same shape and dtype as another one."""
        return self.add_variable(
            reference_variable.shape, initializer, reference_variable.dtype,
            name=f"{reference_variable.path}/{name or 'var'}",
        )

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """One variable for each of a list; for a list of names a tuple of such lists."""
        if isinstance(name, str):
            return [
                self.add_variable_from_reference(variable, name, initializer)
                for variable in trainable_variables
            ]
        shared = isinstance(initializer, str) or callable(initializer)
        kinds = [initializer] * len(name) if shared else initializer
        if len(kinds) != len(name):
            raise ValueError(f"{len(name)} names need as many initializers, got {len(kinds)}")
        return tuple(
            self.add_optimizer_variables(trainable_variables, one, kind)
            for one, kind in zip(name, kinds)
        )

    def assign(self, variable, value):
        variable.assign(value)

    def assign_add(self, variable, value):
        variable.assign_add(value)

    def assign_sub(self, variable, value):
        variable.assign_sub(value)

    def _get_variable_index(self, variable):
        return variable.index

    def _update_number(self):
        return cast(self._graph.tensor(self._core.update_count) - 1.0, "int64")

    # What C++ calls.

    def _build(self):
        trainable = self._core.trainable
        self._graph = Graph(trainable[0].graph) if trainable else None
        self._states = []
        self._trainables = [State(self._graph, v, i) for i, v in enumerate(trainable)]
        if trainable:
            with self._graph.as_default():
                self.build(self._trainables)

    def _update(self, index, weight, gradient, rate):
        """The weight's next value, and those of the state that has changed."""
        step = self._core.update_count.node_id
        if step != self._step:
            self._step = step
            for state in [*self._states, *self._trainables]:
                state.reset()
        graph, variable = self._graph, self._trainables[index]
        variable._value = weight
        self._own_slots = []
        self._rate = graph.tensor(rate)
        self._tracing = True
        try:
            with graph.as_default():
                self.update_step(graph.tensor(gradient), variable, self._rate)
        finally:
            self._tracing = False
        changed = [(state._variable, state._value) for state in self._states if state.changed]
        return variable._value, [*self._own_slots, *changed]
