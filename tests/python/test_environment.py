"""Variables of the environment that are read when the library first needs them."""

import os
import subprocess
import sys

import pytest

PRODUCT = """
import numpy as np
import tegula as tf
x = tf.placeholder(tf.float32, [4, 8])
with tf.Session() as session:
    print(session.run(tf.matmul(x, tf.ones([8, 2])), {x: np.ones((4, 8))})[0, 0])
"""


def run(**variables):
    return subprocess.run(
        [sys.executable, "-c", PRODUCT],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("isa", ["baseline", ""])
def test_a_graph_of_products_alone_runs_on_the_instruction_set_that_is_asked_for(isa):
    result = run(TEGULA_ISA=isa)
    assert result.stdout == "8.0\n", result.stderr


def test_a_graph_of_products_alone_refuses_an_unknown_instruction_set():
    result = run(TEGULA_ISA="sse9")
    assert result.returncode != 0
    assert 'unknown instruction set "sse9" (TEGULA_ISA)' in result.stderr
