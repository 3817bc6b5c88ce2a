"""Softmax, the cross-entropies with logits, dropout at rate 0, and losses built by hand: values and
gradients.
"""

from parity_harness import CaseTable

from ._common import normal, op_case

CASES = CaseTable()

LOGITS = normal(51, 5, 4, scale=2.0)
LARGE = normal(52, 5, 4, scale=30.0)
LABELS = [0, 3, 1, 2, 3]


def one_hot(np_labels, classes=4):
    return [[1.0 if j == i else 0.0 for j in range(classes)] for i in np_labels]


SOFT = [
    [0.1, 0.2, 0.3, 0.4],
    [0.25, 0.25, 0.25, 0.25],
    [0.7, 0.1, 0.1, 0.1],
    [0.0, 0.5, 0.5, 0.0],
    [0.3, 0.3, 0.2, 0.2],
]

NN = [
    ("softmax", lambda tf, z: tf.nn.softmax(z), LOGITS),
    ("softmax_axis_0", lambda tf, z: tf.nn.softmax(z, axis=0), LOGITS),
    ("softmax_rank_3", lambda tf, z: tf.nn.softmax(z), normal(53, 2, 3, 4)),
    ("softmax_large", lambda tf, z: tf.nn.softmax(z), LARGE),
    ("softmax_vector", lambda tf, z: tf.nn.softmax(z), normal(54, 6)),
    ("log_softmax", lambda tf, z: tf.nn.log_softmax(z), LOGITS),
    ("log_softmax_axis_0", lambda tf, z: tf.nn.log_softmax(z, axis=0), LOGITS),
    ("log_softmax_large", lambda tf, z: tf.nn.log_softmax(z), LARGE),
    ("math_softmax", lambda tf, z: tf.math.softmax(z), LOGITS),
    (
        "softmax_cross_entropy",
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.constant(one_hot(LABELS)), logits=z
        ),
        LOGITS,
    ),
    (
        "softmax_cross_entropy_soft",
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits(labels=tf.constant(SOFT), logits=z),
        LOGITS,
    ),
    (
        "softmax_cross_entropy_large",
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.constant(one_hot(LABELS)), logits=z
        ),
        LARGE,
    ),
    (
        "softmax_cross_entropy_mean",
        lambda tf, z: tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=tf.constant(SOFT), logits=z)
        ),
        LOGITS,
    ),
    (
        "softmax_cross_entropy_rank_3",
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.constant(normal(55, 2, 3, 4) ** 2), logits=z
        ),
        normal(53, 2, 3, 4),
    ),
    (
        "softmax_cross_entropy_v2",
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits_v2(
            labels=tf.constant(SOFT), logits=z
        ),
        LOGITS,
    ),
    (
        "sparse_cross_entropy",
        lambda tf, z: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.constant(LABELS), logits=z
        ),
        LOGITS,
    ),
    (
        "sparse_cross_entropy_int64",
        lambda tf, z: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.cast(tf.constant(LABELS), tf.int64), logits=z
        ),
        LOGITS,
    ),
    (
        "sparse_cross_entropy_large",
        lambda tf, z: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.constant(LABELS), logits=z
        ),
        LARGE,
    ),
    (
        "sparse_cross_entropy_mean",
        lambda tf, z: tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.constant(LABELS), logits=z)
        ),
        LOGITS,
    ),
    (
        "sparse_cross_entropy_rank_3",
        lambda tf, z: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.constant([[0, 1, 2], [3, 2, 1]]), logits=z
        ),
        normal(53, 2, 3, 4),
    ),
    (
        "sigmoid_cross_entropy",
        lambda tf, z: tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.constant(one_hot(LABELS)), logits=z
        ),
        LOGITS,
    ),
    (
        "sigmoid_cross_entropy_soft",
        lambda tf, z: tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.constant(SOFT), logits=z),
        LOGITS,
    ),
    (
        "sigmoid_cross_entropy_large",
        lambda tf, z: tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.constant(one_hot(LABELS)), logits=z
        ),
        LARGE,
    ),
    ("dropout_rate_0", lambda tf, x: tf.nn.dropout(x, rate=0.0), LOGITS),
    ("l2_normalize", lambda tf, x: tf.nn.l2_normalize(x, axis=1), LOGITS),
    ("mse_by_hand", lambda tf, x: tf.reduce_mean(tf.square(x - tf.constant(SOFT))), LOGITS),
    (
        "cross_entropy_by_hand",
        lambda tf, z: -tf.reduce_sum(tf.constant(SOFT) * tf.math.log(tf.nn.softmax(z)), axis=1),
        LOGITS,
    ),
    (
        "huber_by_hand",
        lambda tf, x: tf.where(tf.abs(x) < 1.0, 0.5 * tf.square(x), tf.abs(x) - 0.5),
        LOGITS,
    ),
    (
        "layer_norm_by_hand",
        lambda tf, x: (
            (x - tf.reduce_mean(x, -1, keepdims=True))
            * tf.math.rsqrt(
                tf.reduce_mean(
                    tf.square(x - tf.reduce_mean(x, -1, keepdims=True)), -1, keepdims=True
                )
                + 1e-3
            )
        ),
        LOGITS,
    ),
]
for _name, _build, _x in NN:
    CASES.add(_name, op_case(_build, _x))

for _name in ("softmax", "log_softmax"):
    CASES.add(
        f"{_name}_unknown_batch",
        op_case(lambda tf, z, n=_name: getattr(tf.nn, n)(z), LOGITS, unknown_batch=True),
    )
CASES.add(
    "softmax_cross_entropy_unknown_batch",
    op_case(
        lambda tf, z: tf.nn.softmax_cross_entropy_with_logits(labels=tf.constant(SOFT), logits=z),
        LOGITS,
        unknown_batch=True,
    ),
)


@CASES.case
def labels_get_no_gradient(tf, np):
    """The labels of softmax_cross_entropy_with_logits are constants to TF 1's gradients; those of
    sigmoid are not.
    """
    labels, logits = tf.placeholder(tf.float32, [5, 4]), tf.placeholder(tf.float32, [5, 4])
    softmax = tf.gradients(
        tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits), [labels, logits]
    )
    sigmoid = tf.gradients(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits), [labels, logits]
    )
    with tf.Session() as session:
        feeds = {labels: np.array(SOFT, np.float32), logits: LOGITS}
        return {
            "softmax_labels": softmax[0] is None,
            "softmax_logits": session.run(softmax[1], feeds),
            "sigmoid_labels": session.run(sigmoid[0], feeds),
            "sigmoid_logits": session.run(sigmoid[1], feeds),
        }


@CASES.case
def labels_fed(tf, np):
    labels, logits = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.float32, [None, 4])
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )
    hits = tf.reduce_mean(
        tf.cast(tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels), tf.float32)
    )
    with tf.Session() as session:
        loss, hits = session.run([loss, hits], {labels: np.array(LABELS), logits: LOGITS})
    return {"loss": loss, "hits": hits}
