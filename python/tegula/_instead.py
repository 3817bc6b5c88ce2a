"""What serves in the place of names that Keras or TensorFlow has and Tegula has not."""

import re

# Patterns of the peers' full names, and sentences; the first that fits counts.
_INSTEAD = (
    (r"keras\.(Function|KerasTensor|Operation)", "Use keras.Model(inputs, outputs)"),
    (
        r"keras\.layers\.(TFSMLayer|TorchModuleWrapper|JaxLayer|FlaxLayer)",
        "Derive a class from keras.layers.Layer and define `call`",
    ),
    (r"keras\.ops\..*(eig|polar|view_as_complex|view_as_real)", "There are no complex numbers"),
    (r"keras\.ops\.custom_gradient", "Nothing takes its place: gradients come from the ops of a graph"),
    (r"keras\.ops\..*nextafter", "Use numpy.nextafter on arrays"),
    (r"keras\.applications.*", "Trained models are not there; build them of keras.layers"),
    (
        r"keras\.layers\.(RNN|StackedRNNCells|ConvLSTM.*)",
        "Recurrence is there as SimpleRNN, LSTM, GRU, their cells and Bidirectional",
    ),
    (r"keras\.layers\.MaxNumBoundingBoxes", "There are no bounding boxes"),
    (r"keras\.layers\.ContrastLimited.*", "Use keras.layers.Equalization, which does not look at tiles"),
    (r"keras\.callbacks\.TensorBoard", "Use keras.callbacks.CSVLogger"),
    (r"keras\.utils\..*_dataset_from_directory", "Give NumPy arrays to `fit`"),
    (r"keras\.(mixed_precision|dtype_policies|DTypePolicy)", "Layers compute in float32"),
    (r"tf\.function", "Nothing takes its place: a graph is planned once, when it first runs"),
    (r"tf\.GradientTape", "Use tf.gradients"),
    (r"tf\.(data|compat\.v1\.data)", "Give NumPy arrays to `fit`, or feed them to tf.Session.run"),
    (r"tf\.losses", "Use tf.keras.losses"),
    (r"tf\.metrics", "Use tf.keras.metrics"),
    (r"tf\.optimizers", "Use tf.keras.optimizers, or those of tf.train"),
    (r"tf\.compat\.v1\.layers", "Use tf.keras.layers, or tf.matmul with variables"),
    (
        r"tf\.(saved_model|lite|train\.Checkpoint.*|compat\.v1\.train\.Saver)",
        "Use `save` of a model of tf.keras, or numpy.savez with the variables' values",
    ),
    (
        r"tf\.(io|summary|compat\.v1\.(gfile|logging|flags|app|python_io))",
        "Use what Python has for files, logs and arguments",
    ),
    (r"tf\.(py_function|numpy_function|compat\.v1\.py_func)", "Use NumPy between two runs"),
    (r"tf\.(compat\.v1\.)?device|tf\.(distribute|tpu)", "There is one device, the processor"),
    (
        r"tf\.(image|audio|strings|sparse|ragged|signal|RaggedTensor|SparseTensor)",
        "Use NumPy or SciPy before arrays are fed",
    ),
)


def instead_of(name):
    """A sentence for the full name of a peer, or nothing."""
    found = (sentence for pattern, sentence in _INSTEAD if re.fullmatch(pattern, name))
    return next(found, "")
