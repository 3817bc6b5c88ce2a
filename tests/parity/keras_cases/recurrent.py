"""Recurrent layers and cells: values, masks, states, and one step of training."""

from parity_harness import CaseTable

from ._common import normal, set_seeded_weights

CASES = CaseTable()

STEPS, FEATURES, UNITS = 5, 3, 4

# Rows whose steps count from the first on, with gaps, from the third on, and not at all.
COUNTS = [[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [0, 0, 1, 0, 1], [0, 0, 0, 0, 0]]

KINDS = {
    "simple": ("SimpleRNN", {}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "gru before": ("GRU", {"reset_after": False}),
}

# Options, and what the call gives beside the inputs.
OPTIONS = {
    "plain": ({}, ()),
    "sequences": ({"return_sequences": True}, ()),
    "state": ({"return_state": True}, ()),
    "sequences and state": ({"return_sequences": True, "return_state": True}, ()),
    "backwards": ({"go_backwards": True}, ()),
    "backwards sequences": ({"go_backwards": True, "return_sequences": True}, ()),
    "no bias": ({"use_bias": False, "return_sequences": True}, ()),
    "linear": ({"activation": None}, ()),
    "sigmoid": ({"activation": "sigmoid", "return_sequences": True}, ()),
    "softplus": ({"activation": "softplus", "return_sequences": True}, ()),
    "unrolled": ({"unroll": True}, ()),
    "regularized": ({"kernel_regularizer": "l2", "recurrent_regularizer": "l1", "bias_regularizer": "l2",
                     "activity_regularizer": "l2"}, ()),
    "constrained": ({"kernel_constraint": "max_norm", "recurrent_constraint": "unit_norm",
                     "bias_constraint": "non_neg"}, ()),
    "masked": ({}, ("mask",)),
    "masked sequences": ({"return_sequences": True}, ("mask",)),
    "masked state": ({"return_state": True}, ("mask",)),
    "masked backwards": ({"go_backwards": True, "return_sequences": True}, ("mask",)),
    "masked zeros": ({"return_sequences": True, "zero_output_for_mask": True}, ("mask",)),
    "masked last zero": ({"zero_output_for_mask": True}, ("mask",)),
    "masked softplus": ({"activation": "softplus", "return_sequences": True}, ("mask",)),
    "states": ({"return_sequences": True, "return_state": True}, ("states",)),
    "states last": ({}, ("states",)),
    # Keras takes a mask beside states only where it is given: one that the sequence carries is lost.
    "masked states": ({"return_sequences": True, "return_state": True}, ("states", "given mask")),
    "masked states last": ({"return_state": True}, ("states", "given mask")),
}


def data(np, masked):
    x = normal(11, 4, STEPS, FEATURES)
    return x * np.array(COUNTS, np.float32)[..., None] if masked else x


def states_of(kind):
    return 2 if kind == "lstm" else 1


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


def trained(keras, np, model, layer, given):
    """Outputs, names and shapes of the weights, and all weights after a step."""
    set_seeded_weights(model, scale=0.4)
    outputs = as_list(model.predict(given, verbose=0))
    names = [f"{w.name} {tuple(w.shape)}" for w in layer.weights]
    model.compile(keras.optimizers.SGD(0.1), ["mse"] * len(outputs))
    targets = [normal(20 + i, *y.shape) for i, y in enumerate(outputs)]
    loss = model.train_on_batch(given, targets if len(targets) > 1 else targets[0])
    return {**{f"y{i}": y for i, y in enumerate(outputs)}, "names": names,
            "loss": np.asarray(loss).reshape(-1)[:1],
            **{f"weight_{i}": w for i, w in enumerate(model.get_weights())}}


def call_of(keras, np, given, count):
    """Further inputs of a model, the arguments of the call that they are, and what is fed to them."""
    inputs, arguments, feeds = [], {}, []
    if "states" in given:
        inputs = [keras.Input((UNITS,)) for _ in range(count)]
        arguments["initial_state"] = list(inputs)
        feeds = [normal(30 + i, 4, UNITS) for i in range(count)]
    if "given mask" in given:
        inputs.append(keras.Input((STEPS,), dtype="bool"))
        arguments["mask"] = inputs[-1]
        feeds.append(np.array(COUNTS, bool))
    return inputs, arguments, feeds


def sequence_case(kind, options, given):
    name, own = KINDS[kind]
    if kind == "simple":  # Keras's SimpleRNN does not act on it
        options = {key: value for key, value in options.items() if key != "activity_regularizer"}

    def case(keras, np):
        layers = keras.layers
        inputs = keras.Input((STEPS, FEATURES))
        x = layers.Masking()(inputs) if "mask" in given else inputs
        x = layers.Dense(FEATURES, name="first")(x)
        layer = getattr(layers, name)(UNITS, **own, **options)
        others, arguments, feeds = call_of(keras, np, given, states_of(kind))
        model = keras.Model([inputs, *others], as_list(layer(x, **arguments)))
        return trained(keras, np, model, layer, [data(np, "mask" in given), *feeds])

    return case


for _kind in KINDS:
    for _name, (_options, _given) in OPTIONS.items():
        CASES.add(f"{_kind} {_name}", sequence_case(_kind, _options, _given))

for _kind in ("lstm", "gru", "gru before"):
    for _gates in ("tanh", "hard_sigmoid", "softsign", None):
        CASES.add(f"{_kind} gates {_gates}",
                  sequence_case(_kind, {"recurrent_activation": _gates, "return_sequences": True},
                                ("mask",)))


def stateful_case(kind):
    name, own = KINDS[kind]

    def case(keras, np):
        layer = getattr(keras.layers, name)(UNITS, stateful=True, return_sequences=True, **own)
        model = keras.Sequential([keras.Input(batch_shape=(4, STEPS, FEATURES)), layer])
        set_seeded_weights(model, scale=0.4)
        x = data(np, False)
        found = {"first": model.predict(x, batch_size=4, verbose=0),
                 "second": model.predict(x, batch_size=4, verbose=0)}
        layer.reset_state()
        found["reset"] = model.predict(x, batch_size=4, verbose=0)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        y = normal(21, 4, STEPS, UNITS)
        found["losses"] = np.array([model.train_on_batch(x, y) for _ in range(2)])
        layer.reset_states()
        found["trained"] = model.predict(x, batch_size=4, verbose=0)
        found["weights"] = np.array(len(model.get_weights()))
        return found

    return case


def cell_case(kind):
    name, own = KINDS[kind]

    def case(keras, np):
        cell = getattr(keras.layers, name + "Cell")(UNITS, **own)
        inputs = keras.Input((FEATURES,))
        states = [keras.Input((UNITS,)) for _ in range(states_of(kind))]
        output, after = cell(inputs, states)
        model = keras.Model([inputs, *states], [output, *after])
        feeds = [normal(11, 4, FEATURES), *(normal(30 + i, 4, UNITS) for i in range(len(states)))]
        found = trained(keras, np, model, cell, feeds)
        output, after = cell(feeds[0], feeds[1:])
        found["output"] = np.array(output)
        found["after"] = np.array([np.array(one) for one in after])
        found["sizes"] = np.array([*as_list(cell.state_size), cell.output_size])
        return found

    return case


def array_case(kind):
    """Calls on arrays: with states, with a mask, with both."""
    name, own = KINDS[kind]

    def case(keras, np):
        layer = getattr(keras.layers, name)(UNITS, return_sequences=True, **own)
        x = data(np, False)
        layer(x)
        layer.set_weights([normal(7 + i, *w.shape, scale=0.4) for i, w in enumerate(layer.get_weights())])
        mask = np.array(COUNTS, bool)
        states = [normal(30 + i, 4, UNITS) for i in range(states_of(kind))]
        return {
            "plain": np.array(layer(x)), "mask": np.array(layer(x, mask=mask)),
            "states": np.array(layer(x, initial_state=states)),
            "both": np.array(layer(x, initial_state=states, mask=mask)),
            "zeros": np.array(layer(x, initial_state=[np.zeros((4, UNITS), "float32") for _ in states])),
            "shape": np.array(layer.compute_output_shape((4, STEPS, FEATURES))),
            "size": np.array(layer.state_size),
        }

    return case


for _kind in KINDS:
    CASES.add(f"{_kind} stateful", stateful_case(_kind))
    CASES.add(f"{_kind} cell", cell_case(_kind))
    CASES.add(f"{_kind} arrays", array_case(_kind))


@CASES.case
def first_bias(keras, np):
    """The forget gate's bias starts at 1."""
    found = {}
    for name, options in (("default", {}), ("off", {"unit_forget_bias": False}),
                          ("ones", {"bias_initializer": keras.initializers.Constant(0.5)})):
        layer = keras.layers.LSTM(2, **options)
        layer(np.zeros((1, 2, 3), "float32"))
        found[name] = layer.get_weights()[2]
    return found


@CASES.case
def embedded(keras, np):
    """Two layers over the masks of an Embedding, trained for a few steps."""
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((6,), dtype="int32"), layers.Embedding(7, 4, mask_zero=True),
        layers.LSTM(5, return_sequences=True), layers.GRU(3), layers.Dense(1),
    ])
    set_seeded_weights(model, scale=0.5)
    x = np.array([[1, 2, 3, 0, 0, 0], [4, 5, 6, 1, 2, 3], [2, 0, 4, 0, 6, 0]], np.int32)
    y = normal(22, 3, 1)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    return {"losses": np.array(losses), "y": model.predict(x, verbose=0)}


@CASES.case
def config(keras, np):
    found = {}
    for name in ("SimpleRNN", "LSTM", "GRU", "SimpleRNNCell", "LSTMCell", "GRUCell"):
        cls = getattr(keras.layers, name)
        layer = cls(3, activation="relu", use_bias=False, dropout=0.25, seed=4, name="kept")
        again = cls.from_config(layer.get_config())
        found[name] = [again.name, str(again.units), str(again.use_bias), str(again.dropout)]
    return found
