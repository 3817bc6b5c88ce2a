"""The network of mnist.py at graph level: placeholders, variables, gradients, and Adam from ops.

For the same seed it prints the same losses as a model of layers, because it draws the same random
numbers: the ops that draw stand in the same order, and the batches are shuffled alike.

    mnist_graph.py [--epochs N] [--seed N]
"""

import argparse

import numpy as np
import tegula as tf

BATCH_SIZE = 32


def adam(loss, weights, rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    """Kingma and Ba, "Adam: a method for stochastic optimization", 2015, in the efficient form that
    ends section 2. The operation of one step; the same as Keras's, which counts the steps where
    tf.train.AdamOptimizer multiplies powers of the betas.
    """
    steps = tf.Variable(0.0, trainable=False)
    step = steps + 1.0
    alpha = rate * tf.sqrt(1.0 - tf.pow(beta2, step)) / (1.0 - tf.pow(beta1, step))
    updates = [tf.assign(steps, step)]
    for weight, gradient in zip(weights, tf.gradients(loss, weights)):
        m = tf.Variable(tf.zeros(weight.shape), trainable=False)
        v = tf.Variable(tf.zeros(weight.shape), trainable=False)
        mean = m + (gradient - m) * (1 - beta1)
        variance = v + (tf.square(gradient) - v) * (1 - beta2)
        updates += [
            tf.assign(m, mean),
            tf.assign(v, variance),
            tf.assign(weight, weight - mean * alpha / (tf.sqrt(variance) + epsilon)),
        ]
    return tf.group(*updates)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    tf.set_random_seed(arguments.seed)

    (x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
    x_train = x_train.reshape(60000, 784).astype("float32") / 255
    x_test = x_test.reshape(10000, 784).astype("float32") / 255

    x = tf.placeholder(tf.float32, [None, 784], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")
    kernel_1 = tf.get_variable("kernel_1", [784, 128])
    bias_1 = tf.Variable(tf.zeros([128]), name="bias_1")
    kernel_2 = tf.get_variable("kernel_2", [128, 10])
    bias_2 = tf.Variable(tf.zeros([10]), name="bias_2")

    # One network, two uses: with dropout to train it, without to test it.
    hidden = tf.nn.relu(tf.matmul(x, kernel_1) + bias_1)
    train_logits = tf.matmul(tf.nn.dropout(hidden, rate=0.2), kernel_2) + bias_2
    test_logits = tf.matmul(hidden, kernel_2) + bias_2

    # Sums over an epoch are variables too; they are reset between epochs.
    loss_sum = tf.Variable(0.0, trainable=False)
    hits = tf.Variable(0.0, trainable=False)
    reset = tf.variables_initializer([loss_sum, hits])

    def loss_of(logits):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        return tf.reduce_mean(losses)

    def count(logits, loss):
        rows = tf.cast(tf.shape(x)[0], tf.float32)
        right = tf.equal(tf.argmax(logits, axis=-1), tf.cast(y, tf.int64))
        return tf.group(
            tf.assign_add(loss_sum, loss * rows),
            tf.assign_add(hits, tf.reduce_sum(tf.cast(right, tf.float32))),
        )

    train_loss = loss_of(train_logits)
    train_count = count(train_logits, train_loss)
    train_step = tf.group(train_count, adam(train_loss, [kernel_1, bias_1, kernel_2, bias_2]))
    test_step = count(test_logits, loss_of(test_logits))

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())

        def epoch(step, images, labels, order):
            session.run(reset)
            for begin in range(0, len(order), BATCH_SIZE):
                rows = order[begin : begin + BATCH_SIZE]
                session.run(step, {x: images[rows], y: labels[rows]})
            right, total = session.run([hits, loss_sum])
            return right / len(order), total / len(order)

        for number in range(arguments.epochs):
            order = tf.random.shuffled_order(60000, arguments.seed, number)
            accuracy, loss = epoch(train_step, x_train, y_train, order)
            val_accuracy, val_loss = epoch(test_step, x_test, y_test, np.arange(10000))
            print(
                f"epoch {number + 1}: accuracy: {accuracy:.4f} - loss: {loss:.4f}"
                f" - val_accuracy: {val_accuracy:.4f} - val_loss: {val_loss:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
