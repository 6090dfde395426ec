"""The framework of bin/bench: names, budgets that are told, the table."""

from importlib import import_module

import pytest

from bench import catalogue, result
from bench.result import Result


def test_a_benchmark_is_chosen_by_how_its_name_begins() -> None:
    assert [bench.key for bench in catalogue.chosen(["cdr"])] == ["ingest"]
    assert [bench.key for bench in catalogue.chosen(["10x the history", "settlement"])] == ["settlement", "growth"]
    assert catalogue.chosen([]) == list(catalogue.BENCHES)


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        catalogue.chosen(["settlement", "nonsense"])


@pytest.mark.parametrize("bench", catalogue.BENCHES, ids=lambda bench: bench.key)
def test_every_benchmark_names_a_function_that_exists(bench: catalogue.Bench) -> None:
    module, name = bench.function.split(":")
    assert callable(getattr(import_module(module), name))


def test_the_table_says_what_is_not_met() -> None:
    lines = result.table([Result("settlement", "4 s", "1 s", "4.00x", "3x", False)]).splitlines()
    assert lines[0].split() == ["name", "figure", "reference", "ratio", "budget", "met"]
    assert lines[1].endswith("NOT MET")
