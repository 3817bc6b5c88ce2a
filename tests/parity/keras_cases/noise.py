"""Layers of random numbers where these do nothing; what they do is tested in
tests/python/test_noise_layers.py.
"""

from parity_harness import CaseTable

from .vision import layer_case

CASES = CaseTable()
for name, make in {
    "gaussian_noise": lambda L: L.GaussianNoise(0.0),
    "gaussian_dropout": lambda L: L.GaussianDropout(0.0),
    "alpha_dropout": lambda L: L.AlphaDropout(0.0),
}.items():
    CASES.add(f"{name}_of_nothing", layer_case(make, (4, 3)))
