"""Risk control: windows at their edges, hours, blacklists, pardons; what `would` says is what `check` said."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Application, Upstream
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy import control
from privacy.bindings import keys
from privacy.control import judging
from privacy.control.rules import Hours, Ruleset
from privacy.models import RiskPardon
from privacy.routing.facts import Block
from privacy.tests.risk_calls import DAY, HOUR, MINUTE, NOON, A, B, C, Switch, entry, facts, rule

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


@pytest.fixture
def switch(acme: Company, switch1: Upstream) -> Switch:
    return Switch(acme.application, acme.number, switch1)


def codes(*blocks: Block | None) -> list[int]:
    return [block.code if block else 0 for block in blocks]


@pytest.mark.parametrize(("most", "window"), [(3, 5 * MINUTE), (6, 10 * MINUTE), (10, 24 * HOUR)])
@pytest.mark.parametrize(("kind", "code"), [("caller", 8047), ("callee", 8048), ("number", 8049), ("pair", 8047)])
def test_a_window_lets_its_number_through_and_opens_as_the_oldest_falls_out(
    kind: str, code: int, most: int, window: timedelta, switch: Switch
) -> None:
    held = rule(switch.application, kind, most, window)
    assert codes(*[switch.call(NOON + n * SECOND) for n in range(most)]) == [0] * most
    blocked = switch.call(NOON + window - MILLISECOND)
    assert blocked == Block(f"frequency_{kind}", code, held.pk, NOON + window)
    assert switch.would(NOON + window - MILLISECOND) == blocked
    assert codes(switch.would(NOON + window), switch.call(NOON + window)) == [0, 0]
    # The second is still in it.
    assert switch.call(NOON + window + MILLISECOND) == Block(f"frequency_{kind}", code, held.pk, NOON + window + SECOND)


def test_each_kind_counts_what_it_says(switch: Switch) -> None:
    for kind, others in {
        "caller": [(A, C, 8047), (C, B, 0)],
        "callee": [(C, B, 8048), (A, C, 0)],
        "number": [(C, A, 8049)],
        "pair": [(A, B, 8047), (B, A, 0), (A, C, 0), (C, B, 0)],
    }.items():
        held = rule(switch.application, kind, 1, HOUR)
        start = NOON + switch.asked * DAY
        assert switch.call(start) is None
        for n, (caller, callee, code) in enumerate(others, start=1):
            assert codes(switch.call(start + n * SECOND, caller, callee)) == [code], (kind, caller, callee)
        held.valid_to = start + HOUR
        held.save()


def test_what_was_refused_is_not_counted(switch: Switch) -> None:
    rule(switch.application, "caller", 2, 5 * MINUTE)
    rule(switch.application, "number", 100, HOUR)
    assert codes(*[switch.call(NOON + n * MINUTE) for n in range(5)]) == [0, 0, 8047, 8047, 8047]
    assert codes(switch.call(NOON + 5 * MINUTE), switch.call(NOON + 6 * MINUTE)) == [0, 0]


def test_a_session_that_asks_again_counts_once(switch: Switch) -> None:
    rule(switch.application, "caller", 2, HOUR)
    assert codes(*[switch.call(NOON + n * SECOND, session="one") for n in range(4)]) == [0] * 4
    assert codes(switch.call(NOON + 5 * SECOND), switch.call(NOON + 6 * SECOND)) == [0, 8047]
    # Even when the windows are full it may go on, for it is counted already.
    assert codes(switch.call(NOON + 7 * SECOND, session="one")) == [0]


def test_the_shortest_full_window_is_named_and_rules_hold_side_by_side(switch: Switch) -> None:
    long, short = rule(switch.application, "caller", 4, DAY), rule(switch.application, "caller", 2, MINUTE)
    said = [switch.call(NOON + n * timedelta(seconds=40)) for n in range(7)]
    # 0, 40 pass, 80 s: the first fell out of the short window.
    assert [block.rule_id if block else 0 for block in said] == [0, 0, 0, 0, long.pk, long.pk, long.pk]
    assert switch.would(NOON + timedelta(seconds=41)).rule_id == short.pk  # type: ignore[union-attr]


def test_a_rule_counts_what_was_connected_before_it_began_and_ends_at_once(switch: Switch) -> None:
    for n in range(3):
        switch.call(NOON + n * SECOND)
    held = rule(switch.application, "caller", 3, HOUR, valid_from=NOON + 10 * SECOND)
    assert codes(switch.call(NOON + 9 * SECOND, C), switch.call(NOON + 10 * SECOND)) == [0, 8047]
    held.valid_to = NOON + 20 * SECOND
    held.save()
    later = rule(switch.application, "caller", 4, HOUR, valid_from=NOON + 20 * SECOND)
    assert codes(switch.call(NOON + 19 * SECOND)) == [8047]
    assert codes(switch.call(NOON + 20 * SECOND), switch.call(NOON + 21 * SECOND)) == [0, 8047]
    later.valid_to = NOON + 30 * SECOND
    later.save()
    assert codes(switch.call(NOON + 30 * SECOND)) == [0]
    # What held at an instant is still known.
    assert codes(*[switch.would(NOON + n * SECOND) for n in (9, 11, 19, 21, 31)]) == [0, 8047, 8047, 8047, 0]


def test_rules_are_an_application_s_own(switch: Switch, bolt: Company) -> None:
    rule(switch.application, "caller", 1, HOUR)
    entry(switch.application, "callee", C)
    assert codes(switch.call(NOON), switch.call(NOON + SECOND)) == [0, 8047]
    other = Switch(bolt.application, bolt.number, switch.upstream)
    assert codes(other.call(NOON), other.call(NOON + SECOND, A, C)) == [0, 0]


def test_switched_off_it_says_nothing(switch: Switch) -> None:
    rule(switch.application, "caller", 1, HOUR)
    entry(switch.application, "caller", A)
    off: Any = {"caller": A, "callee": B, "at": NOON}
    assert control.check(facts(switch.application, risk_control=False), switch.number.pk, **off, member="1:a") is None
    assert control.would(facts(switch.application, risk_control=False), switch.number.pk, **off) is None


@pytest.mark.parametrize(
    ("side", "number", "other", "refused"),
    [
        ("caller", A, "", {(A, B): 7005, (A, C): 7005, (B, A): 0}),
        ("callee", B, "", {(A, B): 7004, (C, B): 7004, (B, A): 0}),
        ("pair", A, B, {(A, B): 7005, (B, A): 0, (A, C): 0, (C, B): 0}),
    ],
)
def test_a_blacklist_refuses_on_its_side(
    side: str, number: str, other: str, refused: dict[tuple[str, str], int], switch: Switch
) -> None:
    line = entry(switch.application, side, number, other, valid_to=NOON + HOUR)
    for (caller, callee), code in refused.items():
        assert codes(switch.call(NOON, caller, callee)) == [code]
        if code:
            assert switch.would(NOON, caller, callee) == Block(f"blacklist_{side}", code, line.pk, None)
    assert {switch.would(NOON + HOUR, *parties) for parties in refused} == {None}


def test_of_everything_at_once_the_blacklist_is_named_first_then_the_hours(switch: Switch) -> None:
    rule(switch.application, "caller", 1, DAY)
    switch.call(NOON)
    assert codes(switch.call(NOON + SECOND)) == [8047]
    rule(switch.application, "hours", hours_from=time(9), hours_to=time(17))
    assert codes(switch.call(NOON + 2 * SECOND)) == [8050]
    entry(switch.application, "callee", B)
    assert codes(switch.call(NOON + 3 * SECOND)) == [7004]
    entry(switch.application, "pair", A, B)
    assert codes(switch.call(NOON + 4 * SECOND)) == [7005]


def test_before_a_customer_is_asked_only_the_caller_s_side_and_the_x_speak(switch: Switch) -> None:
    for kind in ("callee", "pair", "number", "caller"):
        rule(switch.application, kind, 2, HOUR)
    entry(switch.application, "callee", C)
    assert codes(*[switch.call(NOON + n * SECOND, callee="", write=False) for n in range(5)]) == [0] * 5
    assert codes(switch.call(NOON + 6 * SECOND), switch.call(NOON + 7 * SECOND)) == [0, 0]
    assert codes(switch.call(NOON + 8 * SECOND, callee="", write=False)) == [8047]
    assert codes(switch.call(NOON + 9 * SECOND, C, callee="", write=False)) == [8049]


@pytest.mark.parametrize("kind", ["caller", "callee", "number", "pair"])
def test_a_pardon_lets_through_once_more_and_says_so_for_the_past_too(kind: str, switch: Switch) -> None:
    rule(switch.application, kind, 2, HOUR)
    a, b = keys.caller(A), keys.caller(B)
    subjects = {"caller": a, "callee": b, "pair": a + b, "number": switch.number.pk.to_bytes(8)}
    assert codes(*[switch.call(NOON + n * SECOND) for n in range(3)])[2] > 0
    RiskPardon.objects.create(
        application=switch.application, kind=kind, subject=subjects[kind], at=NOON + 10 * SECOND, made_by="operator"
    )
    said = codes(*[switch.call(NOON + n * SECOND) for n in range(11, 14)])
    assert said[:2] == [0, 0] and said[2] > 0
    assert codes(*[switch.would(NOON + n * SECOND) for n in range(11, 14)]) == said
    assert codes(switch.would(NOON + 9 * SECOND))[0] > 0


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("zone", "hours", "at", "opens"),
    [
        (SHANGHAI, [(9, 18)], "2026-11-16 08:59:59", "2026-11-16 09:00"),
        (SHANGHAI, [(9, 18)], "2026-11-16 09:00", ""),
        (SHANGHAI, [(9, 18)], "2026-11-16 17:59:59", ""),
        (SHANGHAI, [(9, 18)], "2026-11-16 18:00", "2026-11-17 09:00"),
        # From later than to spans midnight.
        (SHANGHAI, [(22, 6)], "2026-11-16 21:59", "2026-11-16 22:00"),
        (SHANGHAI, [(22, 6)], "2026-11-16 23:30", ""),
        (SHANGHAI, [(22, 6)], "2026-11-17 05:59", ""),
        (SHANGHAI, [(22, 6)], "2026-11-17 06:00", "2026-11-17 22:00"),
        (SHANGHAI, [(9, 0)], "2026-11-16 23:59", ""),
        (SHANGHAI, [(9, 0)], "2026-11-17 00:00", "2026-11-17 09:00"),
        # One of several is enough; the next to open is named.
        (SHANGHAI, [(9, 12), (14, 18)], "2026-11-16 15:00", ""),
        (SHANGHAI, [(9, 12), (14, 18)], "2026-11-16 12:00", "2026-11-16 14:00"),
        # Clocks are put forward from 2:00 to 3:00, and back from 3:00 to 2:00.
        (BERLIN, [(4, 18)], "2026-03-29 01:30", "2026-03-29 04:00"),
        (BERLIN, [(2, 18)], "2026-03-29 01:30", "2026-03-29 03:00"),
        (BERLIN, [(4, 18)], "2026-10-24 20:00", "2026-10-25 04:00"),
    ],
)
def test_calling_hours_are_those_of_the_account_s_zone(
    zone: str, hours: list[tuple[int, int]], at: str, opens: str
) -> None:
    held = Ruleset(hours=tuple(Hours(n, time(start), time(end)) for n, (start, end) in enumerate(hours)))
    block = judging.uncounted(held, zone, local(at, zone))
    assert (block.code if block else 0) == (8050 if opens else 0)
    if block is not None and block.reopens_at is not None:
        assert block.reopens_at == local(opens, zone)
        assert judging.uncounted(held, zone, block.reopens_at) is None
        assert judging.uncounted(held, zone, block.reopens_at - SECOND) is not None


def test_hours_of_a_rule_hold_in_the_zone_of_the_account(switch: Switch) -> None:
    held = rule(switch.application, "hours", hours_from=time(9), hours_to=time(17))
    # 18:00 in Shanghai, 11:00 in Berlin.
    assert switch.call(NOON) == Block("calling_hours", 8050, held.pk, local("2026-11-17 09:00", SHANGHAI))
    switch.zone = BERLIN
    assert switch.call(NOON) is None


@pytest.mark.parametrize("caller", ["", "anonymous"])
def test_callers_who_withhold_their_number_are_not_one_caller(caller: str, switch: Switch) -> None:
    rule(switch.application, "caller", 1, HOUR)
    rule(switch.application, "pair", 1, HOUR)
    rule(switch.application, "callee", 3, HOUR)
    assert codes(*[switch.call(NOON + n * SECOND, caller) for n in range(4)]) == [0, 0, 0, 8048]
    assert codes(switch.would(NOON + 2 * SECOND, caller), switch.would(NOON + 5 * SECOND, caller)) == [0, 8048]
    entry(switch.application, "caller", caller)
    assert codes(switch.call(NOON + 5 * HOUR, caller)) == [7005]


def test_would_leaves_nothing_behind(switch: Switch, acme: Company) -> None:
    rule(switch.application, "caller", 1, HOUR)
    for _ in range(3):
        assert switch.would(NOON) is None
    assert codes(switch.call(NOON + SECOND), switch.would(NOON + 2 * SECOND)) == [0, 8047]
    assert Application.objects.count() == 1
