"""Sequences as arrays: padding, and windows of time series."""

from parity_harness import CaseTable

CASES = CaseTable()

RAGGED = [[1, 2, 3], [4], [], [5, 6, 7, 8, 9]]


@CASES.case
def pad_sequences(keras, np):
    pad = keras.utils.pad_sequences
    results = {"default": pad(RAGGED), "value": pad(RAGGED, value=-1, dtype="float32")}
    for padding in ("pre", "post"):
        for truncating in ("pre", "post"):
            for length in (2, 4):
                name = f"{padding} {truncating} {length}"
                results[name] = pad(RAGGED, length, padding=padding, truncating=truncating)
    rows = [np.arange(6.0).reshape(3, 2), np.arange(2.0).reshape(1, 2), np.zeros((0, 2))]
    results["rows"] = pad(rows, dtype="float64", padding="post", value=0.5)
    return results


def windows(np, dataset):
    results = {}
    for number, batch in enumerate(dataset):
        parts = batch if isinstance(batch, tuple) else (batch,)
        for place, part in enumerate(parts):
            results[f"{number} {place}"] = np.asarray(part)
    results["batches"] = np.array(number + 1)
    return results


for _name, _options in {
    "default": {"sequence_length": 3},
    "stride": {"sequence_length": 3, "sequence_stride": 2},
    "sampling": {"sequence_length": 3, "sampling_rate": 2, "batch_size": 4},
    "part": {"sequence_length": 2, "start_index": 3, "end_index": 11, "batch_size": 3},
    "both": {"sequence_length": 4, "sequence_stride": 3, "sampling_rate": 2, "batch_size": 1},
    "single": {"sequence_length": 3, "batch_size": None, "sequence_stride": 5},
}.items():

    def _inputs(keras, np, options=_options):
        series = np.arange(28, dtype="float32").reshape(14, 2)
        return windows(np, keras.utils.timeseries_dataset_from_array(series, None, **options))

    def _with_targets(keras, np, options=_options):
        series = np.arange(14, dtype="float32")
        targets = series[options["sequence_length"] :] * 10
        if "start_index" in options:
            targets = series * 10
        return windows(np, keras.utils.timeseries_dataset_from_array(series, targets, **options))

    CASES.add(f"windows {_name}", _inputs)
    CASES.add(f"windows with targets {_name}", _with_targets)
