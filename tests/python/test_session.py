"""Running: structures, variables, threads, processes that fork, the interpreter's lock."""

import gc
import json
import os
import threading
import time

import numpy as np
import pytest
import tegula as tf


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def test_results_have_the_structure_of_the_fetches():
    a, b = tf.constant(1.0), tf.constant(2.0)
    with tf.Session() as session:
        for _ in range(2):  # the second time from the cache
            assert session.run(a) == 1
            assert session.run([a, b]) == [1, 2]
            assert session.run((a, b)) == (1, 2)
            assert session.run({"x": a, "y": [b, (a,)]}) == {"x": 1, "y": [2, (1,)]}
            assert session.run([a.op, a, "Const_1:0"]) == [None, 1, 2]
            assert session.run([[a], [b, a]]) == [[1], [2, 1]]
            assert session.run([]) == []


def test_equal_fetches_in_other_structures_are_kept_apart():
    a, b = tf.constant(1.0), tf.constant(2.0)
    with tf.Session() as session:
        assert type(session.run([a, b])) is list
        assert type(session.run((a, b))) is tuple
        assert session.run({"p": a}) == {"p": 1}
        assert session.run({"q": a}) == {"q": 1}


def test_feeds_in_any_order_give_the_same():
    x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    with tf.Session() as session:
        assert session.run(x - y, {x: 3, y: 1}) == 2
        z = x - y
        assert session.run(z, {x: 3, y: 1}) == 2
        assert session.run(z, {y: 1, x: 3}) == 2
        assert session.run(z, {"Placeholder:0": 5, y: 1}) == 4


def test_control_dependencies_run_with_the_value():
    counter = tf.Variable(0)
    with tf.control_dependencies([tf.assign_add(counter, 1)]):
        y = tf.constant(5.0) * 2.0
    outside = tf.constant(3.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(outside)
        assert session.run(counter) == 0
        assert session.run(y) == 10
        assert session.run(y + outside) == 13
        assert session.run(counter) == 2


def test_a_group_runs_all_its_operations():
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    both = tf.group(tf.assign_add(a, 1.0), [tf.assign(b, a * 10.0)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(both) is None
        assert session.run([a, b]) == [2, 10]  # b read a as it was before the run


def test_initial_values_may_be_functions_tensors_and_arrays():
    a = tf.Variable(lambda: tf.ones([2]) * 3.0)
    b = tf.Variable(a.initial_value + 1.0)
    c = tf.Variable(np.arange(3), dtype=tf.float32)
    assert (c.dtype, c.shape) == (tf.float32, (3,))
    with tf.Session() as session:
        session.run(tf.variables_initializer([a, b, c]))
        values = session.run([a, b, c])
    np.testing.assert_array_equal(values[0], [3, 3])
    np.testing.assert_array_equal(values[1], [4, 4])
    np.testing.assert_array_equal(values[2], [0, 1, 2])


def test_the_initializer_restores_a_changed_variable():
    v = tf.Variable([1.0, 2.0])
    with tf.Session() as session:
        v.load([7.0, 8.0], session)
        assert v.eval().tolist() == [7, 8]
        session.run(v.initializer)
        assert v.eval().tolist() == [1, 2]


def test_the_seed_fixes_random_numbers():
    def draw(seed):
        with tf.Graph().as_default():
            tf.set_random_seed(seed)
            x = tf.random.normal([4])
            w = tf.Variable(tf.random.uniform([3]))
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                return np.concatenate(session.run([x, w]) + [session.run(x)])

    np.testing.assert_array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))
    assert len(np.unique(draw(1))) == 11  # each run draws anew


def test_random_integers_stay_within_their_bounds():
    x = tf.random.uniform([1000], 3, 8, dtype=tf.int32)
    with tf.Session() as session:
        values = session.run(x)
    assert values.dtype == np.int32
    assert set(values.tolist()) == {3, 4, 5, 6, 7}


def test_stop_gradients_cut_the_path():
    x = tf.constant(3.0)
    h = x * x
    y = h * x
    with tf.Session() as session:
        assert session.run(tf.gradients(y, x)[0]) == 27
        assert session.run(tf.gradients(y, x, stop_gradients=[h])[0]) == 9
        assert session.run(tf.gradients(y, [x, h], stop_gradients=[h])) == [9, 3]
        assert tf.gradients(h * 2.0, x, stop_gradients=h) == [None]


def test_unconnected_gradients_may_be_zeros():
    x, other = tf.ones([2, 3]), tf.ones([4])
    zero = tf.gradients(x, [other], unconnected_gradients=tf.UnconnectedGradients.ZERO)[0]
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(zero), np.zeros(4))


def test_threads_share_a_session():
    x = tf.placeholder(tf.float32, [None, 64])
    w = tf.constant(np.random.RandomState(0).standard_normal((64, 64)).astype(np.float32))
    y = tf.tanh(tf.matmul(x, w))
    failures = []

    def work(session, seed):
        array = np.random.RandomState(seed).standard_normal((seed + 1, 64)).astype(np.float32)
        expected = session.run(y, {x: array})
        for _ in range(100):
            if not np.array_equal(session.run(y, {x: array}), expected):
                failures.append(seed)

    with tf.Session() as session:
        threads = [threading.Thread(target=work, args=(session, seed)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_assignments_from_threads_are_not_lost():
    v = tf.Variable(0)
    step = tf.assign_add(v, 1)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        threads = [
            threading.Thread(target=lambda: [session.run(step) for _ in range(50)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert session.run(v) == 200


def test_other_threads_run_python_while_a_graph_runs():
    x = tf.placeholder(tf.float32, [700, 700])
    y = x
    for _ in range(12):
        y = tf.matmul(y, x)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    with tf.Session() as session:
        array = np.full((700, 700), 1e-3, np.float32)
        session.run(y, {x: array})
        thread = threading.Thread(target=tick)
        thread.start()
        begin = time.perf_counter()
        session.run(y, {x: array})
        end = time.perf_counter()
        done.set()
        thread.join()
    during = [t for t in ticks if begin + 0.1 * (end - begin) < t < end - 0.1 * (end - begin)]
    assert during, f"no other thread ran within {end - begin:.3f} s"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_can_run_the_same_session():
    x = tf.placeholder(tf.float32, [None, 300])
    y = tf.reduce_sum(tf.matmul(x, tf.ones([300, 300])))
    array = np.ones((300, 300), np.float32)
    with tf.Session() as session:
        expected = session.run(y, {x: array})
        child = os.fork()
        if child == 0:
            os._exit(0 if session.run(y, {x: array}) == expected else 1)
        deadline = time.monotonic() + 60
        pid, status = os.waitpid(child, os.WNOHANG)
        while pid == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
            pid, status = os.waitpid(child, os.WNOHANG)
        if pid == 0:
            os.kill(child, 9)
            os.waitpid(child, 0)
            pytest.fail("the child process hangs")
        assert os.waitstatus_to_exitcode(status) == 0
        assert session.run(y, {x: array}) == expected


def test_graphs_and_sessions_are_freed():
    import weakref

    def build():
        with tf.Graph().as_default() as graph:
            w = tf.Variable(tf.ones([10, 10]))
            train = tf.train.AdamOptimizer().minimize(tf.reduce_sum(tf.square(w)))
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                session.run(train)
            return weakref.ref(graph)

    references = [build() for _ in range(3)]
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_the_number_of_threads_can_be_set_and_read():
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(3)
        assert tf.config.threading.get_intra_op_parallelism_threads() == 3
        with pytest.raises(ValueError):
            tf.config.threading.set_intra_op_parallelism_threads(0)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(threads)


def test_explain_lists_kernels():
    x = tf.placeholder(tf.float32, [None, 4])
    y = tf.nn.relu(tf.matmul(x, tf.ones([4, 3])) + 1.0)
    with tf.Session() as session:
        text = session.explain(y, {x: np.ones((2, 4), np.float32)})
    assert "nodes before -> after" in text and "read in place" in text


def test_a_profiler_records_the_kernels_of_a_session(tmp_path):
    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.matmul(x, tf.ones([64, 64]), name="product")
    profiler = tf.Profiler()
    with tf.Session() as session:
        session.set_profiler(profiler)
        session.run(y, {x: np.ones((8, 64))})
        session.set_profiler(None)
        session.run(y, {x: np.ones((8, 64))})
    assert "product" in profiler.table()
    profiler.write_trace(str(tmp_path / "trace.json"))
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum("product" in json.dumps(event) for event in events) == 1


def test_control_inputs_of_a_training_step_run_with_it():
    w, steps = tf.Variable(1.0), tf.Variable(0, trainable=False)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_add(steps, 1))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(0.5).minimize(tf.square(w))
    with tf.control_dependencies([train]):
        loss = tf.identity(tf.square(w))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([w, steps]) == [0, 1]
        session.run(loss)
        assert session.run(steps) == 2


def test_settings_of_other_programs_are_accepted():
    config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
    config.gpu_options.allow_growth = True
    with tf.device("/cpu:0"):
        x = tf.placeholder("float", [None, 2])
    with tf.Session(config=config) as session:
        assert session.run(x, {x: [[1, 2]]}).dtype == np.float32


def test_without_optimization_the_results_are_the_same():
    x = tf.placeholder(tf.float32, [None, 6])
    y = tf.nn.softmax(tf.nn.relu(tf.matmul(x, tf.ones([6, 5]) * 0.1) + 0.5))
    array = np.random.RandomState(0).standard_normal((3, 6))
    results = []
    for config in (tf.ConfigProto(), tf.ConfigProto(optimize=False)):
        with tf.Session(config=config) as session:
            results.append(session.run(y, {x: array}))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-6)
    with pytest.raises(ValueError, match="no_such_pass"):
        with tf.Session(config=tf.ConfigProto(disabled_passes=["no_such_pass"])) as session:
            session.run(y, {x: array})
