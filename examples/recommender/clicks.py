"""Clicks of a model that is known, so that the best possible AUC is known too.

    clicks.py [--samples N] [--seed N] [FILE]

writes FILE, clicks.safetensors by default, with a training part of N samples and a test part of a tenth as
many: `ids`, i32 [n, 2], an item below 1,000,000 and a group of users from there on; `numbers`, f32 [n, 8];
`clicked`, f32 [n, 1].
"""

import argparse
import json

import numpy as np

ITEMS = 1_000_000
GROUPS = 1_000


def make(samples, seed):
    """({name: array}, the AUC of the probabilities that the test part's clicks were drawn with)."""
    random = np.random.default_rng(seed)
    # Zipf's law: the item of rank r is seen 1/r as often as the first.
    share = np.cumsum(1 / np.arange(1, ITEMS + 1))
    liked, taste = random.normal(0, 0.8, ITEMS), random.normal(0, 0.6, (ITEMS, 4))
    wanted = random.normal(0, 0.6, (GROUPS, 4))
    slopes = random.normal(0, 0.3, 8)

    def part(count):
        item = np.minimum(np.searchsorted(share / share[-1], random.random(count)), ITEMS - 1)
        group = random.integers(0, GROUPS, count)
        numbers = random.normal(0, 1, (count, 8))
        logit = liked[item] + (taste[item] * wanted[group]).sum(1) + numbers @ slopes - 1
        probability = 1 / (1 + np.exp(-logit))
        clicked = random.random(count) < probability
        arrays = {
            "ids": np.stack([item, ITEMS + group], 1).astype(np.int32),
            "numbers": numbers.astype(np.float32),
            "clicked": clicked.astype(np.float32)[:, None],
        }
        return arrays, auc(probability, clicked)

    (train, _), (test, best) = part(samples), part(max(samples // 10, 1))
    both = {"train": train, "test": test}
    return {f"{name}/{k}": array for name, arrays in both.items() for k, array in arrays.items()}, best


def auc(probability, clicked):
    """The chance that a sample with a click has a larger probability than one without."""
    ranks = np.empty(len(clicked))
    ranks[np.argsort(probability)] = np.arange(1, len(clicked) + 1)
    clicks = clicked.sum()
    return (ranks[clicked].sum() - clicks * (clicks + 1) / 2) / (clicks * (len(clicked) - clicks))


def write(path, arrays, best):
    """A file of the safetensors format."""
    header: dict[str, dict] = {"__metadata__": {"best_auc": f"{best:.4f}"}}
    begin = 0
    for name, array in arrays.items():
        dtype = {"i": "I32", "f": "F32"}[array.dtype.kind]
        end = begin + array.nbytes
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            file.write(array.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default="clicks.safetensors")
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    arrays, best = make(options.samples, options.seed)
    write(options.file, arrays, best)
    print(f"wrote {options.file}; the best possible AUC of its test part is {best:.4f}")


if __name__ == "__main__":
    main()
