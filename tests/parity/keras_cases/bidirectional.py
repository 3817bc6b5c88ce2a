"""Recurrent layers in both directions."""

from parity_harness import CaseTable

from .recurrent import FEATURES, STEPS, UNITS, as_list, call_of, data, trained

CASES = CaseTable()


def bidirectional_case(name, options, given=(), **wrapping):
    def case(keras, np):
        layers = keras.layers
        inputs = keras.Input((STEPS, FEATURES))
        x = layers.Masking()(inputs) if "mask" in given else inputs
        x = layers.Dense(FEATURES, name="first")(x)
        layer = layers.Bidirectional(getattr(layers, name)(UNITS, **options), **wrapping)
        others, arguments, feeds = call_of(keras, np, given, 4 if name == "LSTM" else 2)
        model = keras.Model([inputs, *others], as_list(layer(x, **arguments)))
        return trained(keras, np, model, layer, [data(np, "mask" in given), *feeds])

    return case


for _mode in ("concat", "sum", "mul", "ave", None):
    for _sequences in (False, True):
        CASES.add(f"lstm {_mode} {'sequences' if _sequences else 'last'}",
                  bidirectional_case("LSTM", {"return_sequences": _sequences}, merge_mode=_mode))
for _name in ("SimpleRNN", "LSTM", "GRU"):
    CASES.add(f"{_name} state", bidirectional_case(_name, {"return_state": True}))
    CASES.add(f"{_name} masked",
              bidirectional_case(_name, {"return_sequences": True}, given=("mask",)))
    CASES.add(f"{_name} masked last", bidirectional_case(_name, {}, given=("mask",)))
    CASES.add(f"{_name} states", bidirectional_case(
        _name, {"return_sequences": True, "return_state": True}, given=("states",)))
    CASES.add(f"{_name} masked states", bidirectional_case(
        _name, {"return_sequences": True, "return_state": True}, given=("states", "given mask"),
        merge_mode=None))


@CASES.case
def other_backwards(keras, np):
    """A backward layer of its own, and two bidirectional layers in a row."""
    layers = keras.layers
    inputs = keras.Input((STEPS, FEATURES))
    first = layers.Bidirectional(
        layers.GRU(UNITS, return_sequences=True), merge_mode="sum",
        backward_layer=layers.LSTM(UNITS, return_sequences=True, go_backwards=True))
    second = layers.Bidirectional(layers.SimpleRNN(2))
    model = keras.Model(inputs, second(first(inputs)))
    return trained(keras, np, model, first, data(np, False))


@CASES.case
def config(keras, np):
    layers = keras.layers
    layer = layers.Bidirectional(layers.GRU(3, name="inner"), merge_mode="ave", name="kept")
    again = layers.Bidirectional.from_config(layer.get_config())
    return {"names": [again.name, again.forward_layer.name, again.backward_layer.name, again.merge_mode],
            "backwards": np.array([again.forward_layer.go_backwards, again.backward_layer.go_backwards])}
