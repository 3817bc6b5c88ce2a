"""The comparison's own arithmetic: statistics, tables, bars. No peer is needed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from compare import bars, measure, peers, report, statistics, table, works  # noqa: E402

TEXTS = [
    (2.5e-10, "0.25 ns"),
    (9.99e-7, "999 ns"),
    (1.234e-6, "1.23 µs"),
    (0.0123, "12.3 ms"),
    (0.5, "500 ms"),
    (99.96, "100 s"),
    (123.4, "123 s"),
]


@pytest.mark.parametrize(("seconds", "text"), TEXTS)
def test_seconds_have_three_digits_and_a_unit(seconds, text):
    assert statistics.seconds_text(seconds) == text


def test_ratios_and_differences_are_by_the_rounds_that_both_took_part_in():
    # The second round was disturbed for both alike.
    assert statistics.ratio_to([2, 8, 2], [1, 4, 2]) == 2
    assert statistics.ratio_to([2, 8], [1, 4, 4, 4]) == 2
    assert statistics.difference_to([2, 8, 2], [1, 6, 1]) == 1


def test_spread_is_half_the_distance_between_quartiles():
    assert statistics.spread([9, 10, 12]) == pytest.approx(0.075)
    assert statistics.spread([9, 10, 10, 10, 50]) == 0
    assert statistics.spread([1]) == 0


def test_geometric_mean():
    assert statistics.geometric_mean([1, 4]) == pytest.approx(2)


def result(peer, *times, mode=""):
    return {"peer": peer, "mode": mode, "first": 0, "times": list(times)}


ROW = {
    "name": "batch 1",
    "kind": "inference",
    "unit": "s",
    "errors": {},
    "results": {
        "torch eager": result("torch", 4e-6, 4e-6, 5.04e-6, mode="eager"),
        "torch compile": result("torch", 3e-6, 3e-6, 3e-6, mode="compile"),
        "Tegula C++": result("tegula_cpp", 1e-6, 1e-6, 1e-6),
        "Tegula": result("tegula", 2e-6, 2e-6, 2e-6),
        "oneDNN": result("raw_onednn", 5e-7),
    },
}


def test_a_table_shows_median_ratio_to_tegula_from_python_and_spread():
    lines = table.work_table([ROW]).splitlines()
    assert [c.strip() for c in lines[0].split("|")[1:3]] == ["", "Tegula C++"]
    cells = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    assert cells == [
        "batch 1",
        "1.00 µs 0.50x ±0%",
        "2.00 µs 1.00x ±0%",
        "4.00 µs 2.00x ±7%",
        "3.00 µs 1.50x ±0%",
        "**500 ns** 0.25x ±0%",
    ]
    assert len({len(line) for line in lines}) == 1


def test_rows_of_different_kinds_are_tables_of_their_own():
    step = {**ROW, "name": "batch 2", "kind": "step"}
    first, second = table.work_table([ROW, step, {**ROW, "name": "batch 3"}]).split("\n\n")
    assert "batch 1" in first and "batch 3" in first and "batch 2" in second


def test_results_find_the_best_by_peer_and_mode():
    results = bars.Results({"work": {"rows": [ROW]}})
    assert results.best("work", "batch 1", "torch") == 3e-6
    assert results.best("work", "batch 1", "torch", modes=("eager",)) == 4e-6
    assert results.best("work", "batch 1", peers.FRAMEWORKS) == 3e-6
    assert results.best("work", "batch 1", peers.RAW) == 5e-7
    assert results.best("work", "no such row", "torch") is None


def test_results_compare_with_the_best_rival_by_rounds():
    results = bars.Results({"work": {"rows": [ROW]}})
    assert results.ratio("work", "batch 1", peers.FRAMEWORKS) == pytest.approx(1.5)
    assert results.ratio("work", "batch 1", "torch", modes=("eager",)) == pytest.approx(2)
    assert results.ratio("work", "batch 1", "torch", own="tegula_cpp") == pytest.approx(3)
    assert results.excess("work", "batch 1", peers.RAW, own="tegula_cpp") == pytest.approx(-5e-7)
    assert results.ratio("work", "batch 1", "jax") is None
    assert results.excess("work", "no such row", peers.RAW) is None


def test_a_rival_that_left_in_a_disturbed_round_is_not_the_fastest():
    left = {"MKL": result("raw_mkl", 9e-7, 9e-7)}
    disturbed = {"Tegula C++": result("tegula_cpp", 9e-6, 9e-6, 1e-6, 1e-6, 1e-6)}
    stayed = {"oneDNN": result("raw_onednn", 5e-6, 5e-6, 6e-7, 6e-7, 6e-7)}
    row = {**ROW, "results": {**left, **disturbed, **stayed}}
    results = bars.Results({"work": {"rows": [row]}})
    assert results.fastest("work", "batch 1", peers.RAW)[0] == "oneDNN"
    assert results.excess("work", "batch 1", peers.RAW, own="tegula_cpp") == pytest.approx(-4e-7)


class Library:
    """A peer, its process and what it is asked, all in one: a call takes `seconds`."""

    MODES = {"step": ("",), "network_inference": ("",)}

    def __init__(self, title, seconds, outputs=()):
        self.TITLE = title
        self.seconds = seconds
        self.outputs = list(outputs)

    def ask(self, do, **request):
        return {"seconds": self.seconds, "outputs": self.outputs}

    def settle(self):
        pass


class Libraries(dict):
    workers = {}

    @property
    def modules(self):
        return self

    def idle_seconds(self, peer):
        return {}


def test_more_rounds_are_for_tegula_and_those_that_may_be_the_best_of_their_group():
    seconds = {"tegula": 2, "tegula_cpp": 1, "torch": 3, "jax": 4, "tensorflow": 5}
    seconds |= {"raw_onednn": 0.5, "raw_eigen": 0.8}
    libraries = Libraries({name: Library(name, s / 1e3) for name, s in seconds.items()})
    row = measure.measure_row(
        libraries,
        "mnist_step",
        works.load("mnist_step").cases(True)[0],
        rounds=2,
        close_rounds=7,
        seconds=0,
        quick=True,
        say=print,
    )
    counts = {name: len(result["times"]) for name, result in row["results"].items()}
    assert counts == {
        "tegula": 7,
        "tegula_cpp": 7,
        "torch": 7,
        "jax": 7,
        "tensorflow": 2,
        "raw_onednn": 7,
        "raw_eigen": 2,
    }


def test_a_peer_whose_network_is_another_one_is_not_measured():
    outputs = {
        "tegula": (0.25, 0.75),
        "jax": (0.25001, 0.74999),
        "torch": (0.26, 0.74),
        "onnxruntime": (0.25,),
        "tensorflow": (),
    }
    row = measure.measure_row(
        Libraries({name: Library(name, 1e-3, values) for name, values in outputs.items()}),
        "vision",
        next(c for c in works.load("vision").cases(True) if c.kind == "network_inference"),
        rounds=1,
        close_rounds=1,
        seconds=0,
        quick=True,
        say=print,
    )
    assert list(row["results"]) == ["tegula", "jax", "tensorflow"]
    assert row["errors"] == dict.fromkeys(
        ("torch", "onnxruntime"), "its outputs are not those of tegula"
    )


def test_bars_of_several_rows_need_them_all():
    ratios = {"batch 1": 1.0, "batch 8": 4.0}
    assert bars.mean_at_least("a", ratios, 2.0).passed
    assert not bars.worst_at_least("a", ratios, 1.1).passed
    assert "batch 1" in bars.worst_at_least("a", ratios, 1.1).name
    for incomplete in ({}, {**ratios, "batch 64": None}):
        for bar in (bars.mean_at_least, bars.worst_at_least):
            assert bar("a", incomplete, 0.1).passed is None


@pytest.mark.parametrize(
    ("bar", "passed"),
    [
        (bars.at_most("a", 1.0, 1.0), True),
        (bars.at_most("a", 1.1, 1.0), False),
        (bars.at_most("a", None, 1.0), None),
        (bars.at_least("a", 2.0, 1.5), True),
        (bars.at_least("a", 1.4, 1.5), False),
        (bars.at_least("a", None, 1.5), None),
    ],
)
def test_a_bar_passes_fails_or_was_not_measured(bar, passed):
    assert bar.passed is passed


def test_rows_measured_again_merge_by_contender():
    again = {
        **ROW,
        "results": {"Tegula": result("tegula", 1e-6)},
        "errors": {"torch compile": "no compiler"},
    }
    other = {**ROW, "name": "batch 8"}
    kept, new = measure.merged([ROW], [other, again])[:2]
    assert list(kept["results"]) == ["torch eager", "Tegula C++", "oneDNN", "Tegula"]
    assert kept["results"]["Tegula"]["times"] == [1e-6]
    assert kept["errors"] == {"torch compile": "no compiler"}
    assert new == other
    assert measure.merged([kept], [ROW])[0]["errors"] == {}


def test_every_bar_copes_with_nothing_measured():
    for name in works.names():
        for bar in getattr(works.load(name), "bars", lambda results: [])(bars.Results({})):
            assert bar.passed is None, bar


def test_slow_calls_get_fewer_rounds_but_three():
    assert measure.rounds_for(0.05, 25) == 25
    assert measure.rounds_for(1.2, 25) == 10
    assert measure.rounds_for(30, 25) == 3
    assert measure.rounds_for(30, 2) == 2


@pytest.mark.parametrize("quick", [False, True])
def test_rows_have_names_of_their_own_and_somebody_to_do_them(quick):
    modules = {name: peers.load(name) for name in peers.names()}
    for name in works.names():
        cases = works.load(name).cases(quick)
        assert len({case.name for case in cases}) == len(cases)
        for case in cases:
            assert measure.contenders(case, modules), f"{name}: {case.name}"
            assert case.expression == "" or case.expression in works.load(name).EXPRESSIONS
            assert case.network is None or case.network.name in works.load(name).NETWORKS


def test_a_page_says_when_and_with_what_it_was_measured_and_the_index_finds_all_pages(tmp_path):
    measured = {
        "date": "2026-01-01 00:00 UTC",
        "processor": "a processor",
        "load": 0.25,
        "commit": "abc",
        "versions": {"torch": "1.0"},
        "threads": 2,
        "rounds": 3,
        "close_rounds": 3,
        "quick": False,
        "rows": [{**ROW, "unit": "B"}],
    }
    (tmp_path / "gemm.md").write_text("# Of an earlier run")
    report.write(tmp_path, {"mnist_inference": measured})
    page = (tmp_path / "mnist_inference.md").read_text()
    assert "a processor, 2 threads, 3 rounds, 1 of 4 rows; load average before: 0.2." in page
    assert "Tegula: commit abc. Versions: torch 1.0." in page
    assert "## Bars" in page and "faster than ONNX Runtime's run" in page
    index = (tmp_path / "README.md").read_text()
    assert "(mnist_inference.md)" in index and "(gemm.md)" in index and "(nodes.md)" not in index
