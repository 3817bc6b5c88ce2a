"""How attention layers are called, as in Keras: on a query and values, with masks and arguments."""

import functools

from ._input_spec import plain_shapes
from ._layer import Layer
from ._layer_calls import call_with_arguments


def _given(query, value, key, attention_mask=None):
    given = {"query": query, "value": value, "key": key, "attention_mask": attention_mask}
    return {name: one for name, one in given.items() if one is not None}


def _arguments(return_attention_scores, use_causal_mask):
    """Those that say something."""
    given = {
        "return_attention_scores": bool(return_attention_scores),
        "use_causal_mask": bool(use_causal_mask),
    }
    return {name: value for name, value in given.items() if value}


def _call_heads(self, query, value=None, key=None, query_mask=None, value_mask=None, key_mask=None,
                attention_mask=None, return_attention_scores=False, training=None,
                use_causal_mask=False):
    """The result, and with `return_attention_scores` the weights [batch, heads, queries, keys].

    Args:
        query: [batch, queries, features]; or a dict of query, value and what there is of key and
            attention_mask.
        value: [batch, keys, features].
        key: Of the value's length; by default the value.
        query_mask, value_mask, key_mask: Where steps count, [batch, steps]; by default the masks that
            query, value and key carry.
        attention_mask: Which queries see which keys, [batch, queries, keys].
        return_attention_scores: Whether the weights are returned, too.
        training: Whether weights are dropped; by default as the enclosing call has it.
        use_causal_mask: Whether a query sees no key of a later position.
    """
    if isinstance(query, dict) and value is None:
        values = dict(query)
    elif value is None:
        raise TypeError(f"{type(self).__name__}.call() missing 1 required positional argument: 'value'")
    else:
        values = _given(query, value, key, attention_mask)
    masks = {"query": query_mask, "value": value_mask, "key": key_mask}
    return call_with_arguments(
        self, values, {name: masks.get(name) for name in values}, training,
        _arguments(return_attention_scores, use_causal_mask),
    )


def _call_list(self, inputs, mask=None, training=None, return_attention_scores=False,
               use_causal_mask=False):
    """The result, and with `return_attention_scores` the weights [batch, queries, keys].

    Args:
        inputs: [query, value] or [query, value, key].
        mask: [query_mask, value_mask], each [batch, steps] or None; by default what the inputs carry.
        training: Whether weights are dropped; by default as the enclosing call has it.
        return_attention_scores: Whether the weights are returned, too.
        use_causal_mask: Whether a query sees no key of a later position.
    """
    name = type(self).__name__
    if not isinstance(inputs, (list, tuple)):
        raise ValueError(
            f"{name} layer must be called on a list of inputs, namely [query, value] or "
            f"[query, value, key]. Received: inputs of type {type(inputs).__name__}."
        )
    if not 2 <= len(inputs) <= 3:
        raise ValueError(
            f"{name} layer accepts inputs list of length 2 or 3, namely [query, value] or "
            f"[query, value, key]. Received length: {len(inputs)}."
        )
    if mask is not None and not isinstance(mask, (list, tuple)):
        raise ValueError(
            f"{name} layer mask must be a list, namely [query_mask, value_mask]. Received a mask of "
            f"type {type(mask).__name__}."
        )
    if mask is not None and not 2 <= len(mask) <= 3:
        raise ValueError(
            f"{name} layer accepts mask list of length 2 or 3. Received length: {len(mask)}."
        )
    masks = [*(mask or []), None, None, None][: len(inputs)]
    return call_with_arguments(
        self, list(inputs), masks, training, _arguments(return_attention_scores, use_causal_mask)
    )


def _calling(call):
    """`call` as the way to call the layer."""

    @functools.wraps(call)
    def called(self, *args, **kwargs):
        if type(self).call is not call:
            raise NotImplementedError(
                f"{type(self).__name__} defines `call`, which classes of attention layers cannot: "
                "derive from Layer and assign an attention layer to an attribute"
            )
        return call(self, *args, **kwargs)

    return called


def _build_heads(self, query_shape, value_shape=None, key_shape=None):
    """Makes the weights for inputs of these shapes."""
    shapes = query_shape if value_shape is None else _given(query_shape, value_shape, key_shape)
    Layer.build(self, shapes)


def _shape_of_heads(self, query_shape, value_shape, key_shape=None):
    """The shape of the result for inputs of these shapes."""
    return self._core.compute_output_shape(
        plain_shapes(_given(query_shape, value_shape, key_shape))
    )


def _shape_of_list(self, input_shape):
    """The shape of the result for a list of inputs of these shapes."""
    query, value, *_ = input_shape
    return (*query[:-1], value[-1])


_HEADS = {
    "__call__": _calling(_call_heads),
    "call": _call_heads,
    "build": _build_heads,
    "compute_output_shape": _shape_of_heads,
}
_LIST = {
    "__call__": _calling(_call_list),
    "call": _call_list,
    "compute_output_shape": _shape_of_list,
}
# What the classes of the table have beside what all layers have.
MEMBERS = {
    "MultiHeadAttention": _HEADS,
    "GroupQueryAttention": _HEADS,
    "Attention": _LIST,
    "AdditiveAttention": _LIST,
}
