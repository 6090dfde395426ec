"""The bindings that made-up customers want before the calls: the same for the same seed, nobody twice, every mode."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.simulation import traffic, wanted
from console.simulation.people import Line, Pair
from console.simulation.records import Kind
from console.simulation.traffic import Plan
from console.simulation.wanted import Fate

CITIES = ("0755", "0755", "010", "020")
LINES = [
    Line(f"+86171{place}00000{index:02d}", "acme", f"{mode}-app", mode, city)
    for place, mode in enumerate(("AXB", "AX", "AXE", "AXYB", "X"))
    for index, city in enumerate(CITIES)
]
START = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_same_seed_wants_the_same_and_another_wants_others_but_for_ax() -> None:
    first, again, other = (wanted.bindings(LINES, seed, 8) for seed in ("7", "7", "8"))
    assert first == again
    shared = {one.order for one in first} & {one.order for one in other}
    assert {one.mode for one in first if one.order in shared} == {"AX", "AXYB"}
    assert all(one.order in shared for one in first if one.mode in {"AX", "AXYB"})


def test_every_mode_but_x_has_bindings_of_each_kind() -> None:
    made = wanted.bindings(LINES, "7", 8)
    assert {one.mode for one in made} == {"AX", "AXB", "AXE", "AXYB"}
    for mode in ("AX", "AXB", "AXE"):
        assert {bool(one.x) for one in made if one.mode == mode} == {True, False}
    assert {one.fate for one in made} == set(Fate)
    assert any(one.extension for one in made) and any(one.parent for one in made)


def test_nobody_of_an_application_is_wanted_twice_and_no_order_has_two_meanings() -> None:
    made = wanted.bindings(LINES, "7", 40)
    people = Counter((one.app_key, person) for one in made for person in (one.a, one.b) if person and not one.parent)
    assert people.most_common(1)[0][1] == 1
    assert len({one.order for one in made}) == len(made)


def test_named_numbers_come_before_those_that_the_platform_selects_and_ax_before_its_yb() -> None:
    made = [one for one in wanted.bindings(LINES, "7", 8) if one.mode in {"AX", "AXYB"}]
    for mode in ("AX", "AXYB"):
        ranks = [(bool(one.parent), not one.x) for one in made if one.mode == mode]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize(("calls", "lines", "each"), [(100, 40, 3), (20_000, 48, 20), (10**6, 10, 40)])
def test_more_calls_want_more_bindings_within_bounds(calls: int, lines: int, each: int) -> None:
    assert wanted.each_number_has(calls, lines) == each


def test_calls_of_axyb_are_made_by_a_on_y_and_by_b_on_x_and_show_the_other_number() -> None:
    x, y = (line for line in LINES[12:14])
    pair = Pair("+8613700000001", "+8613800000001", "ax-1", "", "order-1")
    on_y = Pair(pair.a, pair.b, "yb-1", "", "order-2", direction=1, shown=x.number)
    on_x = Pair(pair.a, pair.b, "ax-1", "", "order-1", direction=0, shown=y.number)
    plan = Plan("7", 200, START, START + timedelta(hours=8), [x, y], book={x.number: [on_x], y.number: [on_y]})
    for info in answered(plan):
        called_y = info["bindNum"] == y.number
        assert info["subscriptionId"] == ("yb-1" if called_y else "ax-1")
        assert (info["callerNum"], info["fwdDstNum"]) == ((pair.a, pair.b) if called_y else (pair.b, pair.a))
        assert info["fwdDisplayNum"] == (x.number if called_y else y.number)


def test_a_number_on_which_nothing_is_bound_has_calls_without_a_binding() -> None:
    plan = Plan("7", 100, START, START + timedelta(hours=8), LINES[:1], book={})
    infos = answered(plan)
    assert infos and not any(info["subscriptionId"] for info in infos)


def answered(plan: Plan) -> list[dict[str, Any]]:
    """Return the CDRs of answered calls."""
    infos = (record.push["feeLst"][0] for record in traffic.records(plan) if record.kind is Kind.CDR)
    return [info for info in infos if info.get("fwdAnswerTime")]
