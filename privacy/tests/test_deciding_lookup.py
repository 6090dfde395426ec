"""What decides a call, looked up: every mode, every way a number may be written, by the database's clock."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH

from accounts.models import Application, UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from privacy import bindings
from privacy.deciding import lookup
from privacy.models import CallbackRecord, Number
from privacy.routing.facts import CallAsked
from privacy.tests.binding_orders import A, B, C, bind, bind_yb, expire, numbers, party, pool, unbind

pytestmark = pytest.mark.django_db
LANDLINE = "+861012345678"


def facts_of(upstream, x, caller, digits=None, **more):
    return lookup.call_facts(upstream, CallAsked("s-1", x, caller, digits), **more)


def test_a_pair_is_found_from_either_side(switch1):
    application = pool("AXB")
    bound = bind(application, terms={"user_data": "order-7788", "max_minutes": 30})
    for caller, way in ((A, "A"), (B, "B"), (C, None)):
        facts = facts_of(switch1, bound.number.number, caller)
        assert (facts.way, facts.binding and facts.binding.id) == (way, bound.pk if way else None)
        assert (facts.application.id, facts.number.id) == (application.pk, bound.number_id)
    told = facts_of(switch1, bound.number.number, A).binding
    assert (told.a_number, told.b_number, told.user_data, told.max_minutes) == (A, B, "order-7788", 30)
    assert (told.number, told.subscription_id) == (bound.number.number, str(bound.pk))


@pytest.mark.parametrize(
    "bound, dialled",
    [
        (A, "13800000001"),
        (A, "8613800000001"),
        (A, "008613800000001"),
        (A, "013800000001"),
        (A, "+86 138 0000 0001"),
        (A, " +8613800000001 "),
        (A, "+86013800000001"),
        (LANDLINE, "01012345678"),
        (LANDLINE, "+8601012345678"),
        (LANDLINE, "+86 (010) 1234-5678"),
        (LANDLINE, "861012345678"),
        ("+12025550114", "0012025550114"),
    ],
)
def test_a_caller_is_known_however_a_switch_writes_him(switch1, bound, dialled):
    x = bind(pool("AXB"), bound).number.number
    assert facts_of(switch1, x, dialled).way == "A"
    assert facts_of(switch1, x.removeprefix("+"), dialled).way == "A"


@pytest.mark.parametrize("caller", ["anonymous", "10086", "", "95588", "\0", "\ud800", "' OR 1=1 --", "+", "A" * 32])
def test_what_is_no_number_calls_as_anyone(switch1, caller):
    bind(pool("AX"))
    x = Number.objects.get().number
    assert facts_of(switch1, x, caller).way == "anyone"


@pytest.mark.parametrize(
    "asked, field",
    [
        (CallAsked("", "1", "2"), "session_id"),
        (CallAsked("s" * 257, "1", "2"), "session_id"),
        (CallAsked("s\0", "1", "2"), "session_id"),
        (CallAsked("s\ud800", "1", "2"), "session_id"),
        (CallAsked("s", "1" * 33, "2"), "x"),
        (CallAsked("s", "1", "2" * 33), "caller"),
        (CallAsked("s", "1", "2", "1" * 33), "digits"),
        (CallAsked("s", "1", "2", "\u0661"), "digits"),
    ],
)
def test_what_cannot_be_asked_names_its_field(switch1, asked, field):
    with pytest.raises(BadInput) as refused:
        lookup.call_facts(switch1, asked)
    assert refused.value.field == field
    assert refused.value.cure


def test_an_x_that_nobody_holds_or_the_upstream_does_not_serve_is_unknown(acme, bolt):
    here = cast.make_upstream("local", every_account=False)
    here.accounts.add(acme.account)
    vendor = cast.make_upstream("vendor")
    UpstreamApplication.objects.create(
        upstream=vendor, app_key="theirs", app_secret="x" * 16, application=acme.application
    )
    assert facts_of(here, acme.number.number, A).number.id == acme.number.pk
    assert facts_of(here, bolt.number.number, A).number is None
    assert facts_of(vendor, bolt.number.number, A).number is not None
    assert facts_of(vendor, acme.number.number, A, app_key="theirs").number is not None
    assert facts_of(vendor, bolt.number.number, A, app_key="theirs").number is None
    assert facts_of(here, acme.number.number, A, app_key="theirs").number is None
    assert facts_of(vendor, "17100000002", A).number.id == bolt.number.pk
    assert facts_of(vendor, "+8617199999999", A).number is None
    Number.objects.filter(pk=acme.number.pk).update(state="returned")
    assert facts_of(here, acme.number.number, A).number is None
    bolt.number.holdings.update(valid_to=timezone.now())
    assert facts_of(vendor, bolt.number.number, A).number is None


def test_what_has_expired_holds_no_longer_though_nothing_swept_it(switch1):
    application = pool("AXB", cool_down_hours=0)
    bound = bind(application, seconds=3600)
    assert facts_of(switch1, bound.number.number, A).way == "A"
    expire(bound)
    assert facts_of(switch1, bound.number.number, A).way is None


def test_a_of_an_ax_has_his_callee_while_it_lasts(switch1):
    bound = bind(pool("AX"))
    x = bound.number.number
    assert facts_of(switch1, x, A).temporary_callee is None
    bindings.set_temporary_callee(bound, callee="95588", seconds=60, user_data="ticket")
    assert facts_of(switch1, x, A).temporary_callee == ("95588", "ticket")
    assert facts_of(switch1, x, B).temporary_callee is None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_temporarycalleeversion SET expires_at = clock_timestamp()")
    assert facts_of(switch1, x, A).temporary_callee is None


def test_an_extension_is_found_by_its_digits(switch1):
    application = pool("AXE")
    x = numbers(application)[0].number
    assert not facts_of(switch1, x, B).binds_extension
    first = bind(application, A, x=x, extension="0042", seconds=3600)
    other = bind(application, C, x=x, extension="0043", seconds=3600)
    assert facts_of(switch1, x, B).binds_extension
    assert facts_of(switch1, x, B, "0042").binding.id == first.pk
    assert facts_of(switch1, x, B, "0043#").binding.id == other.pk
    assert facts_of(switch1, x, B, "0044").binding is None
    assert facts_of(switch1, x, A, "0043").way == "A"
    expire(first)
    expire(other)
    assert not facts_of(switch1, x, B).binds_extension


def test_the_last_caller_is_the_newest_that_has_not_expired(switch1):
    bound = bind(pool("AXE"))
    now, minute = timezone.now(), timedelta(minutes=1)

    def record(number, minutes, lasts):
        at = now - minutes * minute
        CallbackRecord.objects.create(
            binding=bound, caller_number=number, at=at, expires_at=lasts and at + lasts * minute
        )

    def last():
        return facts_of(switch1, bound.number.number, A).last_caller

    assert last() == ""
    record(party(1), 60, None)
    assert last() == party(1)
    record(party(2), 10, 30)
    assert last() == party(2)
    record(party(3), 5, 4)
    assert last() == party(2)


def test_x_knows_the_callers_own_y_and_y_its_x(switch1):
    application = pool("AXYB", count=4)
    ax = bind(application)
    x = ax.number.number
    assert facts_of(switch1, x, B).yb is None
    yb = bind_yb(ax)
    facts = facts_of(switch1, x, B)
    assert (facts.way, facts.binding.id, facts.yb.id, facts.yb.number) == ("anyone", ax.pk, yb.pk, yb.number.number)
    assert facts_of(switch1, x, C).yb is None
    assert facts_of(switch1, x, A).way == "A"
    facts = facts_of(switch1, yb.number.number, A)
    assert (facts.way, facts.binding.b_number, facts.parent.id, facts.parent.number) == ("A", B, ax.pk, x)
    assert [facts_of(switch1, yb.number.number, caller).own_y for caller in (A, B, C)] == [False, True, False]
    unbind(yb)
    assert not facts_of(switch1, yb.number.number, B).own_y
    assert facts_of(switch1, x, B).yb is None


def test_the_facts_of_an_application_are_those_of_its_row(switch1):
    application = pool("AXB", no_permission_voice="no.wav", recording=False, risk_control=True, cool_down_hours=3)
    x = numbers(application)[0].number
    facts = facts_of(switch1, x, A).application
    assert (facts.active, facts.account_state, facts.no_permission_voice, facts.abnormal_voice) == (
        True, "good", "no.wav", "",
    )  # fmt: skip
    assert (facts.recording, facts.risk_control, facts.cool_down_hours, facts.asks_calls) == (False, True, 3, False)
    for urls, asks in (({"call_status_url": "http://c.example"}, True), ({"call_status_url": ""}, False),
                       ({"callin_url": "http://c.example"}, True)):  # fmt: skip
        Application.objects.filter(pk=application.pk).update(state="suspended", **urls)
        facts = facts_of(switch1, x, A).application
        assert (facts.active, facts.asks_calls) == (False, asks)


KEPT = "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%privacy.call_facts%'"


def test_the_look_up_is_one_statement_whose_plan_is_kept(switch1):
    x = bind(pool("AXB")).number.number
    kept = []
    for caller in (party, lambda n: A):
        with CaptureQueriesContext(connection) as others:
            for n in range(30):
                lookup.call_facts(switch1, CallAsked(f"s-{n}", x, caller(n)))
        assert not others.captured_queries
        with connection.cursor() as cursor:
            cursor.execute(KEPT)
            kept += cursor.fetchall()
    assert kept[1][0] == kept[0][0] + 30
    assert len(lookup._statement()) <= MAX_CACHED_STATEMENT_LENGTH
