"""Methods of Keras's classes that it calls and that nothing calls here."""

_STEPS = (
    "steps are compiled from the graph. Override `call` or `compute_loss`, write a layer, loss or metric "
    "of your own, or act in a callback"
)
# What to do instead.
OF_LAYERS = {
    "__call__": "define `call`",
    "save_own_variables": "weights are saved as they are, in the order of `weights`",
    "load_own_variables": "weights are loaded as they are, in the order of `weights`",
    "quantize": "there is no quantization",
    "stateless_call": "define `call`",
}
OF_MODELS = dict.fromkeys(
    (
        "train_step", "test_step", "predict_step", "compute_metrics", "get_metrics_result",
        "make_train_function", "make_test_function", "make_predict_function", "symbolic_call",
        "stateless_call", "stateless_compute_loss", "compute_mask", "quantize",
    ),
    _STEPS,
)


def refuse_dead_overrides(cls, base, dead):
    """NotImplementedError for a class that has one of the methods `dead` of its own, beside `base`."""
    for name, instead in dead.items():
        if getattr(cls, name, None) is not getattr(base, name, None):
            raise NotImplementedError(
                f"{cls.__name__} defines `{name}`, which would never be called: {instead}"
            )
