"""What a step for numbers says it would do, before it does it: the same that it then does."""

from datetime import UTC, datetime

import pytest

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import NotReady
from privacy import bindings, numbers
from privacy.bindings.orders import Actor, BindOrder
from privacy.models import Binding, Number
from privacy.numbers import Issue, locks
from privacy.numbers.bulk import STEPS, Outcome, Run, carry_out
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
WHO = Actor(name="operator", reason="ticket 17")
TRY, DO = Run(WHO, NOW, dry_run=True), Run(WHO, NOW)
TEXTS = ["+8617100000021", "+8617100000022"]
SWITCHES = sorted(set(STEPS) - {"issue", "order", "transfer", "ask_transfer", "unsubscribe"})


@pytest.mark.parametrize("name", SWITCHES)
def test_a_preview_tells_what_changes_from_what_is_so_already(acme, name):
    chosen = Choice("", "3")
    undo = {"resume": "suspend", "sms_on": "sms_off", "release": "reserve", "unblacklist": "blacklist"}
    one, both = [Line(1, {"number": TEXTS[0]})], [Line(n, {"number": text}) for n, text in enumerate(TEXTS, 1)]
    numbers.issue([Issue(number=text, application="acmeAppKey01") for text in TEXTS], actor=WHO, now=NOW)
    if name in undo:
        carry_out(undo[name], both, chosen, DO)
    carry_out(name, one, chosen, DO)
    assert carry_out(name, both, chosen, TRY) == Outcome(1, 1)
    assert carry_out(name, both, chosen, DO) == Outcome(1, 1)
    assert carry_out(name, both, chosen, TRY) == Outcome(0, 2)


@pytest.mark.parametrize("name", ["unsubscribe", "transfer"])
def test_a_preview_counts_the_relations_that_end_with_their_ax(db, name):
    account = cast.make_account("acme")
    application = cast.make_application(account, mode="AXYB")
    cast.make_application(account, "acmeAppKey02", mode="AXYB")
    issued = [*TEXTS, "+8617100000023", "+8617100000024"]
    numbers.issue([Issue(number=text, application=application.app_key) for text in issued], actor=WHO, now=NOW)
    order = BindOrder(a="+8613800000001", b=None, x=TEXTS[0], seconds=0, loose=True)
    parent = bindings.bind(application, order, Actor())
    for n in range(3):
        bindings.bind_yb(
            application, parent, b=f"+861390000000{n}", area_code="", loose=True, seconds=0, terms={}, actor=Actor()
        )
    assert Binding.objects.exclude(number=Number.objects.get(number=TEXTS[0])).count() == 3
    lines, chosen = [Line(1, {"number": TEXTS[0]})], Choice("acmeAppKey02")
    assert carry_out(name, lines, chosen, TRY) == Outcome(1, 0, 4)
    assert carry_out(name, lines, chosen, DO) == Outcome(1, 0, 4)


def test_numbers_that_are_bound_all_the_time_are_not_taken_without_their_locks(acme, monkeypatch):
    def changed(ids):
        raise locks._Changed

    monkeypatch.setattr(locks, "_hold", changed)
    with pytest.raises(NotReady):
        carry_out("unsubscribe", [Line(1, {"number": acme.number.number})], Choice(), DO)
    acme.number.refresh_from_db()
    assert acme.number.state == "normal"
