"""The comparison's own arithmetic: statistics, tables, bars. No peer is needed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from compare import bars, measure, peers, statistics, table, works  # noqa: E402

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


def test_ratio_is_by_rounds_where_both_have_as_many():
    # The second round was disturbed for both alike.
    assert statistics.ratio_to([2, 8, 2], [1, 4, 2]) == 2
    assert statistics.ratio_to([2, 2], [1, 4, 4]) == 0.5


def test_spread_and_geometric_mean():
    assert statistics.spread([9, 10, 12]) == pytest.approx(0.15)
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
        "4.00 µs 2.00x ±13%",
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
    assert results.best_peer("work", "batch 1") == 3e-6
    assert results.best_raw("work", "batch 1") == 5e-7
    assert results.best("work", "no such row", "torch") is None


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
    assert measure.rounds_for(0.05, 5) == 5
    assert measure.rounds_for(1.3, 5) == 3
    assert measure.rounds_for(30, 5) == 3
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
