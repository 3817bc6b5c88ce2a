"""Variables, assignment and TensorFlow 1's optimizers: several steps on a small smooth model."""

from parity_harness import CaseTable

from ._common import normal

CASES = CaseTable()

STEPS = 4

# Name of the case, class, arguments.
OPTIMIZERS = [
    ("gradient_descent", "GradientDescentOptimizer", (0.1,), {}),
    ("gradient_descent_keyword", "GradientDescentOptimizer", (), {"learning_rate": 0.05}),
    ("momentum", "MomentumOptimizer", (0.05, 0.9), {}),
    ("momentum_nesterov", "MomentumOptimizer", (0.05, 0.8), {"use_nesterov": True}),
    ("adam_default", "AdamOptimizer", (), {}),
    ("adam", "AdamOptimizer", (0.05,), {}),
    ("adam_options", "AdamOptimizer", (0.05,), {"beta1": 0.8, "beta2": 0.95, "epsilon": 0.01}),
    ("rmsprop", "RMSPropOptimizer", (0.01,), {}),
    ("rmsprop_decay", "RMSPropOptimizer", (0.01, 0.7), {}),
    ("rmsprop_momentum", "RMSPropOptimizer", (0.01,), {"momentum": 0.6}),
    ("rmsprop_centered", "RMSPropOptimizer", (0.01,), {"centered": True}),
    ("rmsprop_epsilon", "RMSPropOptimizer", (0.01,), {"epsilon": 0.1, "decay": 0.8}),
    ("adagrad", "AdagradOptimizer", (0.1,), {}),
    ("adagrad_accumulator", "AdagradOptimizer", (0.1,), {"initial_accumulator_value": 0.5}),
]


def network(tf, np):
    """tanh layer and linear layer with fixed weights; (placeholders, variables, loss)."""
    x, y = (
        tf.placeholder(tf.float32, [None, 4], name="x"),
        tf.placeholder(tf.float32, [None, 2], name="y"),
    )
    w1, b1 = (
        tf.Variable(normal(71, 4, 5, scale=0.6), name="w1"),
        tf.Variable(np.zeros(5, np.float32), name="b1"),
    )
    w2, b2 = (
        tf.Variable(normal(72, 5, 2, scale=0.6), name="w2"),
        tf.Variable(np.zeros(2, np.float32), name="b2"),
    )
    output = tf.matmul(tf.tanh(tf.matmul(x, w1) + b1), w2) + b2
    return (x, y), [w1, b1, w2, b2], tf.reduce_mean(tf.square(output - y))


def batch(np, step):
    return normal(80 + step, 6, 4), normal(90 + step, 6, 2)


def optimizer_case(name, arguments, options):
    def case(tf, np):
        (x, y), variables, loss = network(tf, np)
        train = getattr(tf.train, name)(*arguments, **options).minimize(loss)
        losses = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for step in range(STEPS):
                features, targets = batch(np, step)
                losses.append(session.run(loss, {x: features, y: targets}))
                session.run(train, {x: features, y: targets})
            values = session.run(variables)
        return {"losses": losses, **{f"variable{i}": value for i, value in enumerate(values)}}

    return case


for _case, _name, _arguments, _options in OPTIMIZERS:
    CASES.add(_case, optimizer_case(_name, _arguments, _options))


@CASES.case
def classifier(tf, np):
    """Softmax regression, as the tutorials write it."""
    x, labels = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.int64, [None])
    w, b = tf.Variable(normal(71, 4, 3), name="w"), tf.Variable(tf.zeros([3]), name="b")
    logits = tf.matmul(x, w) + b
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
    feeds = {x: normal(80, 9, 4), labels: np.arange(9) % 3}
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            session.run(train, feeds)
            losses.append(session.run(loss, feeds))
        return {
            "losses": losses,
            "accuracy": session.run(accuracy, feeds),
            "w": session.run(w),
            "b": session.run(b),
        }


@CASES.case
def one_variable_of_several(tf, np):
    (x, y), variables, loss = network(tf, np)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=[variables[2]])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        features, targets = batch(np, 0)
        session.run(train, {x: features, y: targets})
        return {f"variable{i}": value for i, value in enumerate(session.run(variables))}


@CASES.case
def not_trainable_stays(tf, np):
    w, fixed = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0], trainable=False)
    loss = tf.reduce_sum(tf.square(w * fixed))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        return {
            "w": session.run(w),
            "fixed": session.run(fixed),
            "trainable": len(tf.trainable_variables()),
            "global": len(tf.global_variables()),
        }


@CASES.case
def global_step_counts(tf, np):
    w, step = tf.Variable([1.0, 2.0]), tf.Variable(0, trainable=False, name="global_step")
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(
        tf.reduce_sum(tf.square(w)), global_step=step
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(train)
        return {"step": session.run(step), "w": session.run(w)}


@CASES.case
def compute_and_apply_gradients(tf, np):
    """Gradient clipping by hand, between compute_gradients and apply_gradients."""
    (x, y), variables, loss = network(tf, np)
    optimizer = tf.train.GradientDescentOptimizer(0.5)
    pairs = optimizer.compute_gradients(loss, variables)
    train = optimizer.apply_gradients([(tf.clip_by_value(g, -0.1, 0.1), v) for g, v in pairs])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        features, targets = batch(np, 0)
        session.run(train, {x: features, y: targets})
        return {f"variable{i}": value for i, value in enumerate(session.run(variables))}


@CASES.case
def learning_rate_fed(tf, np):
    rate, w = tf.placeholder(tf.float32, []), tf.Variable([1.0, -2.0])
    train = tf.train.GradientDescentOptimizer(rate).minimize(tf.reduce_sum(tf.square(w)))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for value in (0.1, 0.05, 0.3):
            session.run(train, {rate: value})
        return {"w": session.run(w)}


@CASES.case
def two_optimizers(tf, np):
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0])
    loss = tf.reduce_sum(tf.square(a * b))
    first = tf.train.AdamOptimizer(0.1).minimize(loss, var_list=[a])
    second = tf.train.AdagradOptimizer(0.1).minimize(loss, var_list=[b])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            session.run(first)
            session.run(second)
        return {"a": session.run(a), "b": session.run(b)}


@CASES.case
def no_gradient_is_an_error(tf, np):
    tf.Variable([1.0])
    try:
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0))
    except ValueError:
        return {"error": "ValueError"}
    return {"error": "none"}


@CASES.case
def assign(tf, np):
    v = tf.Variable([1.0, 2.0])
    assigned, added, subtracted = (
        tf.assign(v, [5.0, 6.0]),
        tf.assign_add(v, [0.5, 0.25]),
        tf.assign_sub(v, [1.0, 1.0]),
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        results = {"initial": session.run(v)}
        for name, operation in (
            ("assigned", assigned),
            ("added", added),
            ("subtracted", subtracted),
            ("again", added),
        ):
            results[name] = session.run(operation)
            results[f"{name}_value"] = session.run(v)
    return results


@CASES.case
def assign_methods(tf, np):
    v = tf.Variable(np.ones((2, 2), np.float32))
    double, more = v.assign(v * 2.0), v.assign_add(tf.ones([2, 2]))
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(double)
        session.run(more)
        session.run(double)
        return {"v": session.run(v)}


@CASES.case
def variables_live_in_the_session(tf, np):
    v = tf.Variable(1.0)
    increment = tf.assign_add(v, 1.0)
    first, second = tf.Session(), tf.Session()
    for session in (first, second):
        session.run(tf.global_variables_initializer())
    for _ in range(3):
        first.run(increment)
    return {"first": first.run(v), "second": second.run(v)}


@CASES.case
def integer_counter(tf, np):
    counter = tf.Variable(0, name="counter")
    step = tf.assign_add(counter, 2)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return {"steps": [session.run(step) for _ in range(3)], "counter": session.run(counter)}


@CASES.case
def variable_in_expressions(tf, np):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(
            {
                "add": v + 1.0,
                "radd": 1.0 - v,
                "slice": v[0],
                "matmul": tf.matmul(v, v),
                "sum": tf.reduce_sum(v),
                "neg": -v,
                "power": v**2.0,
                "compare": v > 2.0,
            }
        )


@CASES.case
def moving_average_by_hand(tf, np):
    x, average = (
        tf.placeholder(tf.float32, [3]),
        tf.Variable(np.zeros(3, np.float32), trainable=False),
    )
    update = tf.assign(average, 0.9 * average + 0.1 * x)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return {f"step{i}": session.run(update, {x: normal(95 + i, 3)}) for i in range(3)}
