"""Attention layers: their options, masks of every kind, scores, and one training step."""

from parity_harness import CaseTable

from ._common import normal
from .vision import set_seeded_weights

CASES = CaseTable()

QUERY, VALUE = (5, 6), (7, 6)
# Steps that are masked, by the operand: the last sample's query begins with them, and a value ends.
EMPTY = {"query": (1, slice(0, 2)), "value": (0, slice(4, 7)), "key": (1, slice(5, 7))}


def _operand(name, shape, seed, masked):
    x = normal(seed, 2, *shape)
    if name in masked:
        x[EMPTY[name]] = 0
    return x


def _attention_mask(np, *shape):
    return np.arange(np.prod(shape)).reshape(shape) % 4 != 1


def attention_case(make, *, listed=False, query=QUERY, value=VALUE, key=None, masked=(), mask=None,
                   train=True, **arguments):
    """A layer behind Dense ones, whose updates show the gradients with respect to its operands. Gives
    the outputs, names and shapes of the weights, and all weights after a step.
    """
    shapes = {"query": query, "value": value, **({} if key is None else {"key": key})}

    def case(keras, np):
        layers = keras.layers
        layer = make(layers)
        inputs = {name: keras.Input(shape) for name, shape in shapes.items()}
        operands = {
            name: layers.Dense(shapes[name][-1], name="before_" + name)(
                layers.Masking()(x) if name in masked else x
            )
            for name, x in inputs.items()
        }
        x = [_operand(name, shape, 11 + i, masked)
             for i, (name, shape) in enumerate(shapes.items())]
        feeds = list(inputs.values())
        further = dict(arguments)
        if mask is not None:
            feeds.append(keras.Input(mask, dtype="bool"))
            further["attention_mask"] = feeds[-1]
            x.append(_attention_mask(np, 2, *mask))
        if listed:
            y = layer(list(operands.values()), **further)
        else:
            y = layer(*operands.values(), **further)
        model = keras.Model(feeds, y)
        set_seeded_weights(model)
        results = model.predict(x, verbose=0)
        results = list(results) if isinstance(results, (list, tuple)) else [results]
        found = {f"y{i}": result for i, result in enumerate(results)}
        found["names"] = np.array([f"{w.name} {tuple(w.shape)}" for w in layer.weights])
        if not train:
            return found
        set_seeded_weights(model)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        targets = [normal(20 + i, *result.shape) for i, result in enumerate(results)]
        loss = model.train_on_batch(x, targets if len(targets) > 1 else targets[0])
        found["loss"] = np.array(loss if np.ndim(loss) == 0 else loss[0])
        return {**found, **{f"weight_{i}": w for i, w in enumerate(model.get_weights())}}

    return case


def add(name, make, **options):
    CASES.add(name, attention_case(make, **options))


# What both layers of several heads take.
CALLS = {
    "plain": {},
    "self": {"value": QUERY},
    "key": {"key": (7, 4)},
    "causal": {"use_causal_mask": True},
    "causal self": {"value": QUERY, "use_causal_mask": True},
    "mask": {"mask": (5, 7)},
    "mask causal": {"mask": (5, 7), "use_causal_mask": True},
    "value masked": {"masked": ("value",)},
    "query masked": {"masked": ("query",)},
    "both masked": {"masked": ("query", "value")},
    "all masked": {"key": (7, 4), "masked": ("query", "value", "key")},
    "all masked and causal": {
        "key": (7, 4), "masked": ("query", "value", "key"), "mask": (5, 7), "use_causal_mask": True
    },
    "scores": {"return_attention_scores": True},
    # What Keras gives scores of masked heads for a mask does not fit its own losses.
    "scores causal": {"return_attention_scores": True, "use_causal_mask": True, "train": False},
    "scores masked": {
        "return_attention_scores": True, "masked": ("query", "value"), "mask": (5, 7), "train": False
    },
    "long": {"query": (150, 6), "value": (140, 6), "use_causal_mask": True},
}
HEADS = {
    "multi_head": lambda L, **o: L.MultiHeadAttention(2, 3, **o),
    "grouped": lambda L, **o: L.GroupQueryAttention(3, 4, 2, **o),
}
for kind, made in HEADS.items():
    for name, options in CALLS.items():
        add(f"{kind} {name}", made, **options)
    for name, options in {
        "no bias": {"use_bias": False},
        "gate": {"use_gate": True},
        "gate without bias": {"use_gate": True, "use_bias": False},
        "window": {"sliding_window": 2},
        "penalties": {
            "kernel_regularizer": "l2", "bias_regularizer": "l1", "activity_regularizer": "l2",
            "kernel_constraint": "max_norm", "bias_constraint": "non_neg",
        },
    }.items():
        add(f"{kind} {name}", lambda L, m=made, o=options: m(L, **o))
    add(f"{kind} window and causal", lambda L, m=made: m(L, sliding_window=2), value=QUERY,
        use_causal_mask=True)
    add(f"{kind} dropout", lambda L, m=made: m(L, dropout=0.5), masked=("query", "value"),
        mask=(5, 7), train=False)

for name, options, call in [
    ("value_dim", {"value_dim": 5}, {}),
    ("value_dim gate", {"value_dim": 5, "use_gate": True}, {"use_causal_mask": True}),
    ("output_shape", {"output_shape": 4}, {}),
    ("output_shape of two axes", {"output_shape": (2, 3)}, {}),
    ("axis", {"attention_axes": (1,)}, {"masked": ("value",)}),
    ("two axes", {}, {"query": (3, 2, 4), "value": (2, 4, 4)}),
    ("first axis", {"attention_axes": 1}, {"query": (3, 2, 4), "value": (5, 2, 4)}),
    ("second axis", {"attention_axes": (2,)}, {"query": (3, 2, 4), "value": (3, 5, 4)}),
    ("second axis masked", {"attention_axes": (2,)},
     {"query": (3, 2, 4), "value": (3, 5, 4), "mask": (3, 2, 5)}),
    ("scores of axes", {}, {"query": (3, 2, 4), "value": (2, 4, 4), "return_attention_scores": True}),
    ("initializers", {"kernel_initializer": "ones", "bias_initializer": "ones"}, {}),
]:
    add(f"multi_head {name}", lambda L, o=options: L.MultiHeadAttention(2, 3, **o), **call)
add("multi_head mask of heads", lambda L: L.MultiHeadAttention(2, 3), mask=(2, 5, 7))
add("grouped mask of heads", lambda L: L.GroupQueryAttention(3, 4, 2), mask=(4, 5, 7))
add("grouped one key head", lambda L: L.GroupQueryAttention(2, 3, 1))
add("grouped all key heads", lambda L: L.GroupQueryAttention(2, 2, 2), use_causal_mask=True)

LISTED = {
    "plain": {},
    "key": {"key": (7, 6)},
    "causal": {"use_causal_mask": True},
    "value masked": {"masked": ("value",)},
    "query masked": {"masked": ("query",)},
    "masked and causal": {"masked": ("query", "value"), "use_causal_mask": True},
    "scores": {"return_attention_scores": True},
    "scores masked": {"return_attention_scores": True, "masked": ("value",), "use_causal_mask": True,
                      "train": False},
}
for kind, made in {
    "dot": lambda L: L.Attention(),
    "dot scaled": lambda L: L.Attention(use_scale=True),
    "concat": lambda L: L.Attention(score_mode="concat"),
    "concat scaled": lambda L: L.Attention(use_scale=True, score_mode="concat"),
    "additive": lambda L: L.AdditiveAttention(),
    "additive unscaled": lambda L: L.AdditiveAttention(use_scale=False),
}.items():
    for name, options in LISTED.items():
        add(f"{kind} {name}", made, listed=True, **options)
add("dot dropout", lambda L: L.Attention(dropout=0.5), listed=True, train=False)
add("additive dropout", lambda L: L.AdditiveAttention(dropout=0.5), listed=True, train=False)


@CASES.case
def calls_on_arrays(keras, np):
    layers = keras.layers
    q, v = normal(1, 2, 5, 6), normal(2, 2, 7, 6)
    found = {}
    heads = layers.MultiHeadAttention(2, 3)
    heads(q, v)
    set_seeded_weights(heads)
    y, scores = heads(q, v, attention_mask=_attention_mask(np, 5, 7), return_attention_scores=True)
    found["heads"], found["heads scores"] = np.array(y), np.array(scores)
    found["value mask"] = np.array(heads(q, v, value_mask=_attention_mask(np, 2, 7)))
    found["key mask"] = np.array(heads(q, v, v, key_mask=_attention_mask(np, 2, 7)))
    dot = layers.Attention()
    masks = [_attention_mask(np, 2, 5), _attention_mask(np, 2, 7)]
    found["dot"] = np.array(dot([q, v], mask=masks))
    found["computed mask"] = np.array(dot.compute_mask([q, v], masks))
    found["shapes"] = np.array([
        *heads.compute_output_shape((2, 5, 6), (2, 7, 6)),
        *dot.compute_output_shape([(2, 5, 6), (2, 7, 4)]),
    ])
    return found
