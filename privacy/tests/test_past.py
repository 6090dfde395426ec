"""What decided a call then, read from history, is what the look-up found then, although all of it changed since."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from random import Random

import pytest
from django.utils import timezone

from accounts.models import Account, Application
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.keyring import keyring
from privacy import bindings
from privacy.api.switch import calls as door
from privacy.bindings import BindingRefused, ModifyOrder
from privacy.deciding import book, lookup, past
from privacy.deciding.attached import with_attached
from privacy.deciding.reach import reach
from privacy.models import Binding, CallbackRecord, Number, NumberReason, RiskRule, RoutingDecision
from privacy.numbers import set_reason
from privacy.numbers.states import close_reason
from privacy.routing.facts import CallAsked, CallFacts
from privacy.tests.binding_orders import BY, A, B, C, bind, bind_yb, expire, party, pool, unbind
from privacy.tests.switch_client import CALLS, ask

pytestmark = pytest.mark.django_db
INSTANTS = int(os.environ.get("INSTANTS", "240"))
SEEDS = ["spring", "autumn"]
PEOPLE = [A, B, C, party(4), party(5), party(6), "+861012345678", "anonymous"]
MODES = ("AXB", "AX", "AXE", "AXYB")


class World:
    """Applications of every mode whose people bind, change, call and leave by chance."""

    def __init__(self, seed: str) -> None:
        self.chance = Random(seed)
        self.applications = [pool(mode, count=4 if mode == "AXYB" else 2, extension_digits=1) for mode in MODES]
        self.numbers = list(Number.objects.all())
        self.steps: list[Callable[[], object]] = [
            *[self.bind] * 6,
            *[self.end] * 3,
            *[self.modify] * 2,
            *(self.expire, self.set_callee, self.set_callee, self.relate, self.call_back),
            *(self.change_number, self.change_application, self.change_account),
        ]

    def change(self) -> None:
        """Do one thing by chance; what cannot be done is left."""
        with suppress(BindingRefused):
            self.chance.choice(self.steps)()

    def question(self) -> CallAsked:
        """Ask of a call that somebody bound there makes, or of any."""
        digits = self.chance.choice([None, None, "", *map(str, range(1, 10))])
        bound = self._any() if self.chance.random() < 0.7 else None
        if bound is None:
            return CallAsked("s", self.chance.choice(self.numbers).number, self.chance.choice(PEOPLE), digits)
        caller = self.chance.choice([bound.a_number, bound.b_number or self.chance.choice(PEOPLE)])
        return CallAsked("s", bound.number.number, caller, self.chance.choice([bound.extension or None, digits]))

    def bind(self) -> None:
        a, b = self.chance.sample(PEOPLE[:6], 2)
        application = self.chance.choice(self.applications)
        digit = str(self.chance.randint(1, 9)) if application.mode == "AXE" else ""
        seconds = self.chance.choice([0, 7200])
        bind(application, a, b if application.mode == "AXB" else None, extension=digit, seconds=seconds)

    def end(self) -> None:
        if bound := self._any():
            unbind(bound)

    def expire(self) -> None:
        if bound := self._any(expires_at__isnull=False):
            expire(bound)

    def modify(self) -> None:
        if bound := self._any():
            a = self.chance.choice([None, *PEOPLE[:6]])
            terms = {"max_minutes": self.chance.randint(0, 9), "call_direction": self.chance.randint(0, 2)}
            bindings.modify(bound.application, bound, ModifyOrder(a=a, b=None, seconds=None, terms=terms), BY)

    def set_callee(self) -> None:
        if bound := self._any(kind="AX"):
            callee = self.chance.choice(PEOPLE[:6])
            bindings.set_temporary_callee(bound, callee=callee, seconds=60, user_data=self.chance.choice([None, "u"]))

    def relate(self) -> None:
        if bound := self._any(kind="AXYB"):
            bind_yb(bound, self.chance.choice(PEOPLE[:6]))

    def call_back(self) -> None:
        if bound := self._any(kind="AXE"):
            CallbackRecord.objects.create(binding=bound, caller_number=self.chance.choice(PEOPLE), at=timezone.now())

    def change_number(self) -> None:
        number = self.chance.choice(self.numbers)
        if self.chance.random() < 0.2:
            set_reason(number, source=NumberReason.Source.OPERATOR, state="suspended", now=timezone.now())
        else:
            close_reason(number, source=NumberReason.Source.OPERATOR, now=timezone.now())

    def change_application(self) -> None:
        changes: list[tuple[str, object]] = [("state", "suspended"), *[("state", "active")] * 6]
        changes += [("recording", True), ("recording", False), ("no_permission_voice", "no.wav")]
        changes += [("cool_down_hours", 0), ("cool_down_hours", 24)]
        name, value = self.chance.choice(changes)
        Application.objects.filter(pk=self.chance.choice(self.applications).pk).update(**{name: value})

    def change_account(self) -> None:
        Account.objects.update(state=self.chance.choice([*["good"] * 11, "arrears"]))

    def _any(self, **fields: object) -> Binding | None:
        held = list(Binding.objects.filter(valid_to=None, **fields).select_related("application", "number"))
        return self.chance.choice(held) if held else None


def lived(upstream, seed: str, questions: int) -> Iterator[tuple[CallAsked, CallFacts]]:
    """Give each question with what decided it, while everything changes in between."""
    world = World(seed)
    for _ in range(questions):
        world.change()
        asked = world.question()
        yield asked, lookup.call_facts(upstream, asked)


def watch(world: World) -> None:
    """Have risk control hold back some calls in the first two applications."""
    for application in world.applications[:2]:
        Application.objects.filter(pk=application.pk).update(risk_control=True)
        for kind, most in (("caller", 9), ("callee", 12), ("number", 20), ("pair", 4)):
            RiskRule.objects.create(application=application, kind=kind, most=most, window_seconds=2)


def answered(seed: str, questions: int) -> Iterator[tuple[CallAsked, datetime, dict[str, object]]]:
    """Give each question, its instant and what the switch was told over HTTP, while everything changes in between."""
    world = World(seed)
    watch(world)
    for place in range(questions):
        world.change()
        asked = replace(world.question(), session_id=f"{seed}-{place}")
        body = {name: value for name, value in asdict(asked).items() if value is not None}
        answer = ask("POST", CALLS, body).json()
        decided = RoutingDecision.objects.get(session_id=asked.session_id)
        yield asked, book.read(bytes(decided.detail)).at, answer


@pytest.mark.parametrize("seed", SEEDS)
def test_what_decided_a_call_then_is_found_in_history(switch1, seed):
    found = list(lived(switch1, seed, INSTANTS // len(SEEDS)))
    ways = {facts.way for _, facts in found}
    assert {"A", "B", "anyone", None} <= ways
    for asked, facts in found:
        assert past.call_facts(asked, facts.at) == facts, asked


@pytest.mark.parametrize("seed", SEEDS)
def test_who_it_would_reach_is_what_the_switch_was_told_then(switch1, seed):
    told = list(answered(seed, INSTANTS // len(SEEDS)))
    rules = Counter(answer["rule"] for _, _, answer in told)
    assert len(rules) > 12, rules
    for asked, at, answer in told:
        found = reach(asked, at)
        expected = door.shown(found.asked, found.decision)
        if found.decision.allocates_y:
            # Which Y was free then is not kept: only that one was to be bound.
            assert answer["rule"] in (expected["rule"], "no_y_left"), asked
        else:
            assert {name: answer[name] for name in expected} == expected, asked


def test_what_is_to_come_follows_from_what_holds_now(switch1):
    bound = bind(pool("AXB"), seconds=3600)
    asked = CallAsked("s", bound.number.number, A)
    assert bound.expires_at is not None
    assert past.call_facts(asked, bound.expires_at.replace(microsecond=0)).way == "A"
    assert past.call_facts(asked, bound.expires_at).way is None


def test_who_held_the_number_then_decides_not_who_holds_it_now(switch1):
    bound = bind(pool("AXB"))
    unbind(bound)
    asked = CallAsked("s", bound.number.number, A)
    before = lookup.call_facts(switch1, asked)
    now = timezone.now()
    other = cast.make_application(bound.account, "otherKey", "AX")
    held = bound.number.holdings.get()
    held.valid_to = now
    held.save()
    bound.number.holdings.create(application=other, valid_from=now)
    held_then, held_now = (past.call_facts(asked, at).application for at in (before.at, now))
    assert held_then is not None and held_now is not None
    assert (held_then.id, held_now.id) == (bound.application_id, other.pk)
    assert past.call_facts(asked, cast.ISSUED.replace(year=2020)) == CallFacts(
        cast.ISSUED.replace(year=2020), None, None
    )


def test_a_temporary_callee_is_over_when_its_a_is_replaced(switch1):
    bound = bind(pool("AX"))
    bindings.set_temporary_callee(bound, callee=B, seconds=60, user_data=None)
    asked = CallAsked("s", bound.number.number, A)
    first = lookup.call_facts(switch1, asked)
    bindings.modify(bound.application, bound, ModifyOrder(a=C, b=None, seconds=None, terms={}), BY)
    second = lookup.call_facts(switch1, replace(asked, caller=C))
    assert (first.temporary_callee, second.temporary_callee) == ((B, None), None)
    assert past.call_facts(asked, first.at) == first
    assert past.call_facts(replace(asked, caller=C), second.at) == second


def test_what_changes_between_the_two_statements_of_a_look_up_comes_after_it(switch1):
    bound = bind(pool("AX"))
    bindings.set_temporary_callee(bound, callee=B, seconds=60, user_data=None)
    asked = CallAsked("s", bound.number.number, A)
    facts = lookup.call_facts(switch1, asked)
    bindings.set_temporary_callee(bound, callee=C, seconds=60, user_data=None)
    assert with_attached(facts, asked, [], dials_y=False) == facts == past.call_facts(asked, facts.at)
    ax = bind(pool("AXYB", count=2))
    asked = CallAsked("s", ax.number.number, B)
    facts = lookup.call_facts(switch1, asked)
    bind_yb(ax, B)
    seals = keyring().seals(B.encode())
    assert with_attached(facts, asked, seals, dials_y=False) == facts == past.call_facts(asked, facts.at)
