"""Graph, names, fetches and feeds: structure, dtypes, naming, static shapes."""

from parity_harness import CaseTable

from ._common import normal

CASES = CaseTable()


def shape_list(value):
    """The static shape with -1 for unknown dimensions."""
    return [-1 if dimension is None else int(dimension) for dimension in value.shape.as_list()]


@CASES.case
def fetch_structures(tf, np):
    a, b = tf.constant(1.5), tf.constant([1, 2])
    with tf.Session() as session:
        as_list, as_tuple, as_dict = (
            session.run([a, b]),
            session.run((a, b)),
            session.run({"a": a, "b": b}),
        )
        nested = session.run({"first": [a, (b, a)], "second": b})
    return {
        "types": [
            type(v).__name__
            for v in (as_list, as_tuple, as_dict, nested["first"], nested["first"][1])
        ],
        "list1": as_list[1],
        "tuple0": as_tuple[0],
        "dict_b": as_dict["b"],
        "nested": nested["first"][1][0],
        "second": nested["second"],
    }


@CASES.case
def fetch_same_value_twice(tf, np):
    a = tf.constant([1.0, 2.0]) * 3.0
    with tf.Session() as session:
        first, second = session.run([a, a])
    return {"first": first, "second": second}


@CASES.case
def fetch_nothing(tf, np):
    tf.constant(1.0)  # TensorFlow refuses to run an empty graph
    with tf.Session() as session:
        return {"length": len(session.run([]))}


@CASES.case
def fetch_by_name(tf, np):
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.multiply(x, 2.0, name="doubled")
    with tf.Session() as session:
        return {
            "doubled": session.run("doubled:0", {x: [1.0, 2.0]}),
            "x": session.run("x:0", {"x:0": [3.0, 4.0]}),
        }


@CASES.case
def operations_give_none(tf, np):
    v = tf.Variable(1.0)
    with tf.Session() as session:
        initialized = session.run(tf.global_variables_initializer())
        train = session.run(tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(v)))
    return {"none": [initialized is None, train is None]}


@CASES.case
def result_types(tf, np):
    with tf.Session() as session:
        scalar, vector = session.run([tf.constant(2.5), tf.constant([1.0])])
        flag, integer = session.run([tf.constant(True), tf.constant(3)])
    return {
        # NumPy 1 names its scalar bool_, NumPy 2 bool.
        "types": [type(v).__name__.rstrip("_") for v in (scalar, vector, flag, integer)],
        "dtypes": [v.dtype.name for v in (scalar, vector, flag, integer)],
    }


@CASES.case
def feed_kinds(tf, np):
    """Lists, scalars, float64 and integer arrays are taken in the placeholder's dtype."""
    x, s = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [])
    y = x * s
    with tf.Session() as session:
        return {
            "list": session.run(y, {x: [1, 2], s: 2}),
            "float64": session.run(y, {x: np.array([1.5, 2.5]), s: np.float64(0.5)}),
            "int": session.run(y, {x: np.arange(3), s: 1.0}),
            "strided": session.run(y, {x: np.arange(6.0)[::2], s: 1.0}),
        }


@CASES.case
def feed_overrides_an_inner_value(tf, np):
    a = tf.constant([1.0, 2.0])
    b = a * 3.0
    c = b + 1.0
    with tf.Session() as session:
        return {
            "plain": session.run(c),
            "constant": session.run(c, {a: [5.0, 5.0]}),
            "middle": session.run(c, {b: [0.0, 1.0]}),
        }


@CASES.case
def batch_sizes_change_between_runs(tf, np):
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.reduce_mean(tf.nn.softmax(x), axis=0)
    with tf.Session() as session:
        return {f"rows{n}": session.run(y, {x: normal(n, n, 3)}) for n in (1, 5, 2, 17)}


@CASES.case
def placeholder_with_default(tf, np):
    x = tf.placeholder_with_default(tf.constant([1.0, 2.0]), [2])
    with tf.Session() as session:
        return {"default": session.run(x * 2.0), "fed": session.run(x * 2.0, {x: [4.0, 5.0]})}


@CASES.case
def names_of_values(tf, np):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    again = tf.placeholder(tf.float32, [None, 3], name="x")
    plain = tf.placeholder(tf.float32, [2])
    values = [
        x,
        again,
        plain,
        tf.constant(1.0),
        tf.constant(2.0),
        tf.constant(2.0, name="two"),
        x + 1.0,
        x - 1.0,
        1.0 - x,
        x * 2.0,
        x / 2.0,
        -x,
        x + 2.0,
        tf.add(x, x, name="sum"),
        tf.add(x, x, name="sum"),
        tf.matmul(x, tf.ones([3, 2], name="w"), name="product"),
        tf.identity(x, name="same"),
        tf.nn.relu(x, name="activation"),
        tf.reshape(x, [-1], name="flat"),
    ]
    return {"names": [value.name for value in values]}


@CASES.case
def names_of_ops(tf, np):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    values = [
        tf.matmul(x, tf.ones([3, 2])),
        tf.nn.relu(x),
        tf.nn.softmax(x),
        tf.reduce_sum(x),
        tf.reduce_mean(x),
        tf.reduce_max(x),
        tf.exp(x),
        tf.square(x),
        tf.tanh(x),
        tf.sigmoid(x),
        tf.reshape(x, [-1]),
        tf.transpose(x),
        tf.concat([x, x], 0),
        tf.cast(x, tf.int32),
        x[0],
        tf.maximum(x, 1.0),
        x > 0.0,
        tf.identity(x),
    ]
    return {"names": [value.name for value in values]}


@CASES.case
def names_of_variables(tf, np):
    variables = [
        tf.Variable(1.0, name="w"),
        tf.Variable(1.0, name="w"),
        tf.Variable(1.0),
        tf.Variable(1.0),
        tf.Variable([1.0], name="bias"),
    ]
    return {"names": [v.name for v in variables], "global": [v.name for v in tf.global_variables()]}


@CASES.case
def names_in_scopes(tf, np):
    names = []
    with tf.name_scope("layer"):
        names.append(tf.constant(1.0).name)
        names.append(tf.constant(1.0, name="c").name)
        names.append(tf.Variable(1.0, name="v").name)
        with tf.name_scope("inner"):
            names.append(tf.constant(1.0, name="c").name)
    with tf.name_scope("layer"):
        names.append(tf.constant(1.0, name="c").name)
    return {"names": names}


@CASES.case
def names_of_split_outputs(tf, np):
    parts = tf.split(tf.ones([4, 2]), 2, axis=0, name="halves")
    return {"names": [part.name for part in parts]}


@CASES.case
def values_know_their_op_and_graph(tf, np):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    return {
        "op": x.op.name,
        "graph": x.graph is tf.get_default_graph(),
        "dtype": x.dtype.name,
        "same": tf.get_default_graph().get_tensor_by_name("x:0") is x
        or tf.get_default_graph().get_tensor_by_name("x:0").name == "x:0",
    }


@CASES.case
def static_shapes(tf, np):
    x = tf.placeholder(tf.float32, [None, 3, 4])
    values = {
        "x": x,
        "reshape": tf.reshape(x, [-1, 12]),
        "reshape_batch": tf.reshape(x, [-1, 3, 2, 2]),
        "transpose": tf.transpose(x, [2, 0, 1]),
        "sum": tf.reduce_sum(x, axis=1),
        "sum_keep": tf.reduce_sum(x, axis=1, keepdims=True),
        "slice": x[:, 1],
        "range": x[:, 1:, ::2],
        "matmul": tf.matmul(x, tf.ones([1, 4, 5])),
        "concat": tf.concat([x, x], axis=2),
        "expand": tf.expand_dims(x, 0),
        "broadcast": x + tf.ones([3, 1]),
        "softmax": tf.nn.softmax(x),
        "argmax": tf.argmax(x, axis=2),
        "pad": tf.pad(x, [[0, 0], [1, 1], [0, 2]]),
        "tile": tf.tile(x, [1, 2, 3]),
        "one_hot": tf.one_hot(tf.argmax(x, axis=2), 7),
        "gather": tf.gather(x, [0, 2], axis=1),
        "stack": tf.stack([x, x], axis=1),
        "squeeze": tf.squeeze(tf.ones([1, 3, 1])),
    }
    return {name: np.array(shape_list(value), np.int64) for name, value in values.items()}


@CASES.case
def dtypes_of_constants_and_results(tf, np):
    values = [
        tf.constant(1),
        tf.constant(1.0),
        tf.constant(True),
        tf.constant(np.ones(2)),
        tf.constant(np.ones(2, np.float32)),
        tf.constant([1, 2]),
        tf.argmax([[1.0]], axis=1),
        tf.constant(1.0) > 0.5,
        tf.cast(1, tf.float32),
        tf.zeros([2]),
        tf.zeros([2], tf.int32),
        tf.one_hot([1], 2),
        tf.constant(np.arange(3, dtype=np.int64)),
        tf.constant(np.arange(3, dtype=np.uint8)),
        tf.shape(tf.ones([2])),
    ]
    return {"dtypes": [value.dtype.name for value in values]}


@CASES.case
def double_precision_computes_in_double(tf, np):
    x = tf.constant(np.linspace(0.1, 2.0, 6).reshape(2, 3))
    y = tf.reduce_sum(tf.exp(x) * tf.tanh(x), axis=1)
    with tf.Session() as session:
        return session.run(
            {"y": y, "g": tf.gradients(y, x)[0], "m": tf.matmul(x, x, transpose_b=True)}
        )


@CASES.case
def errors(tf, np):
    def family(function):
        try:
            function()
        except Exception as error:  # noqa: BLE001 - the class is what is examined
            return next(
                (c.__name__ for c in (ValueError, TypeError) if isinstance(error, c)), "other"
            )
        return "none"

    x = tf.placeholder(tf.float32, [None, 3])
    with tf.Session() as session:
        return {
            "feed_shape": family(lambda: session.run(x, {x: np.ones((2, 4))})),
            "fetch_none": family(lambda: session.run(None)),
            "fetch_number": family(lambda: session.run(3)),
            "unknown_name": family(lambda: session.run("nothing:0")),
            "matmul": family(lambda: tf.matmul(x, tf.ones([2, 2]))),
            "add": family(lambda: tf.ones([2]) + tf.ones([3])),
            "reshape": family(lambda: tf.reshape(tf.ones([4]), [3])),
            "dtypes": family(lambda: tf.ones([2]) + tf.ones([2], tf.int32)),
            "float_into_int": family(lambda: tf.constant(1) + 1.5),
            "concat": family(lambda: tf.concat([tf.ones([2, 2]), tf.ones([2, 3])], axis=0)),
        }


@CASES.case
def sessions_of_other_graphs(tf, np):
    first, second = tf.Graph(), tf.Graph()
    with first.as_default():
        a = tf.constant(2.0) * 3.0
    with second.as_default():
        b = tf.constant(5.0, name="five") + 1.0
    with tf.Session(graph=first) as session:
        a_value = session.run(a)
    with tf.Session(graph=second) as session:
        b_value = session.run(b)
    return {"a": a_value, "b": b_value, "names": [a.name, b.name]}


@CASES.case
def eval_and_interactive_style(tf, np):
    x = tf.constant([1.0, 2.0]) * 2.0
    v = tf.Variable(3.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return {"given": x.eval(session=session), "default": x.eval(), "variable": v.eval()}
