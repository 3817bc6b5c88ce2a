"""Parity cases of the graph level: each `case(tf, np)` runs unchanged under `tensorflow.compat.v1`
and under `tegula`.
"""
