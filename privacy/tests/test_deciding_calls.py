"""Calls decided and kept: repeats, redials, twins, call-back records, automatic Y, near misses (design.md 2.2)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Application
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common import partitions
from privacy import bindings, deciding
from privacy.bindings import ModifyOrder
from privacy.deciding import book
from privacy.models import Binding, CallbackRecord, CallEvent, Holding, Number, RoutingDecision, Session
from privacy.routing.facts import CallAsked, Outcome
from privacy.storing.sessions import session_key
from privacy.tests import wires
from privacy.tests.binding_orders import BY, A, B, C, D, bind, expire, numbers, party, pool, unbind
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db
CONNECT, COLLECT, REFUSE = Outcome.CONNECT, Outcome.COLLECT, Outcome.REFUSE


def call(upstream, x, caller, digits=None, session="s-1", **more):
    return deciding.call(upstream, CallAsked(session, x, caller, digits), **more)


def brief(decision):
    return decision.outcome, decision.rule, decision.code, decision.callee


def forget_time(seconds):
    """Move every session so many seconds into the past."""
    ago = timedelta(seconds=seconds)
    for session in Session.objects.all():
        Session.objects.filter(pk=session.pk).update(
            decided_at=session.decided_at and session.decided_at - ago,
            first_at=session.first_at - ago,
            last_at=session.last_at - ago,
        )


def test_a_decision_is_kept_with_its_session_and_as_a_row(switch1):
    bound = bind(pool("AXB"), terms={"user_data": "order-1", "max_minutes": 30, "last_minute_voice": "last.wav"})
    x = bound.number.number
    before = timezone.now()
    decision = call(switch1, x, A)
    assert brief(decision) == (CONNECT, "a_calls_b", 0, B)
    assert (decision.app_key, decision.mode, decision.user_data) == (bound.application.app_key, "AXB", "order-1")
    session, row = Session.objects.get(), RoutingDecision.objects.get()
    assert (session.session_id, session.session_key, session.subscription_id) == (
        "s-1", session_key("s-1"), str(bound.pk),
    )  # fmt: skip
    assert (session.account_id, session.application_id, session.number_id) == (
        bound.account_id, bound.application_id, bound.number_id,
    )  # fmt: skip
    assert (row.kind, row.outcome, row.code, row.rule, row.binding_id) == ("call", "connect", 0, "a_calls_b", bound.pk)
    assert (row.number_id, row.application_id, row.session_id) == (bound.number_id, bound.application_id, "s-1")
    assert session.decided_at is not None and session.decision is not None
    assert before - timedelta(seconds=1) < session.decided_at < timezone.now() + timedelta(seconds=1)
    for kept in (session.decision, row.detail):
        entry = book.read(kept)
        assert entry.answer == decision
        assert (entry.asked, entry.at) == (CallAsked("s-1", x, A), session.decided_at)


def test_no_number_stands_in_clear_in_what_is_kept(switch1):
    call(switch1, bind(pool("AXB")).number.number, A)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, s::text FROM privacy_routingdecision t, privacy_session s")
        text = str(cursor.fetchall())
    assert A[3:] not in text and B[3:] not in text


def test_a_repeat_is_told_the_same_and_changes_nothing(switch1):
    bound = bind(pool("AXB"))
    x = bound.number.number
    first = call(switch1, x, A)
    unbind(bound)
    assert call(switch1, x, A.removeprefix("+86")) == first
    assert RoutingDecision.objects.count() == 1
    # Another caller, X, session or upstream asks something else.
    assert call(switch1, x, C).rule == "no_binding"
    assert call(switch1, x, A, session="s-2").rule == "ended_binding"
    assert call(cast.make_upstream("other"), x, A).rule == "ended_binding"


def test_a_redial_under_the_same_session_is_decided_anew(switch1, settings):
    bound = bind(pool("AXB"))
    x = bound.number.number
    assert call(switch1, x, A).outcome is CONNECT
    bindings.modify(bound.application, bound, ModifyOrder(terms={"call_direction": 2}), BY)
    assert call(switch1, x, A).outcome is CONNECT
    forget_time(settings.MASKLINE["repeat_seconds"] + 1)
    assert call(switch1, x, A).rule == "direction"
    assert (Session.objects.count(), RoutingDecision.objects.count()) == (1, 2)
    forget_time(25 * 3600)
    call(switch1, x, A)
    assert sorted(Session.objects.values_list("generation", flat=True)) == [0, 1]


def test_a_session_that_an_event_made_first_is_joined(switch1):
    application = pool("AXB")
    bound = bind(application)
    x = bound.number.number
    now = timezone.now()
    deliver(
        switch1,
        wires.event("callin", sessionId="s-1", caller=A, called=x, timestamp=f"{now:%Y-%m-%d %H:%M:%S}"),
        now=now,
    )
    assert (Session.objects.get().asked_key, CallEvent.objects.count()) == (None, 1)
    decision = call(switch1, x, A)
    session = Session.objects.get()
    assert (session.generation, session.application_id) == (0, application.pk)
    assert book.read(session.decision or b"").answer == decision


def test_an_unknown_x_is_kept_as_nobodys(switch1, bolt):
    assert brief(call(switch1, "+8617199999999", A)) == (REFUSE, "unknown_number", 8025, "")
    row = RoutingDecision.objects.get()
    assert (row.account_id, row.application_id, row.number_id) == (None, None, None)
    other = cast.make_upstream("other", every_account=False)
    decision = call(other, bolt.number.number, A, session="s-2")
    assert (decision.rule, decision.app_key, decision.voice) == ("unknown_number", "", "")
    assert RoutingDecision.objects.get(session_id="s-2").application_id is None
    assert call(switch1, bolt.number.number, A, session="s-3").rule == "account_frozen"


def test_a_running_call_outlives_its_binding(switch1):
    bound = bind(pool("AXB"))
    x = bound.number.number
    call(switch1, x, A)
    unbind(bound)
    assert call(switch1, x, B, session="s-2").outcome is REFUSE
    # What the first was told stands, in its session and in the history.
    assert book.read(Session.objects.get(session_id="s-1").decision or b"").answer.callee == B


def test_states_of_application_account_and_number_decide_at_once(switch1):
    bound = bind(pool("AXB"))
    x = bound.number.number

    def rule(n):
        return call(switch1, x, A, session=f"s-{n}").rule

    assert rule(1) == "a_calls_b"
    Number.objects.filter(pk=bound.number_id).update(state="unusable")
    assert rule(2) == "number_unusable"
    Account.objects.update(state="arrears")
    assert rule(3) == "account_frozen"
    Application.objects.update(state="suspended")
    assert rule(4) == "application_suspended"


# --- AXE ------------------------------------------------------------------------------------------------------------


def axe(**terms):
    bound = bind(pool("AXE"), extension="0042", terms=terms)
    return bound, bound.number.number


def test_an_extension_is_collected_then_dialled_under_one_session(switch1):
    bound, x = axe(user_data="ticket")
    first = call(switch1, x, B)
    assert (first.outcome, first.digits, first.user_data) == (COLLECT, 4, None)
    assert Session.objects.get().subscription_id == ""
    second = call(switch1, x, B, "0042")
    assert (*brief(second), second.extension, second.user_data) == (
        CONNECT, "extension_calls_a", 0, A, "0042", "ticket",
    )  # fmt: skip
    assert call(switch1, x, B, "0042") == second
    assert brief(call(switch1, x, B, "")) == (REFUSE, "empty_extension", 8033, "")
    assert Session.objects.get().subscription_id == str(bound.pk)
    assert RoutingDecision.objects.count() == 3


@pytest.mark.parametrize("minutes, lasts", [(None, None), (0, None), (30, timedelta(minutes=30))])
def test_a_calls_back_whoever_called_last(switch1, minutes, lasts):
    _, x = axe(**({} if minutes is None else {"callback_duration": minutes}))
    assert brief(call(switch1, x, A, session="a-1")) == (REFUSE, "no_callback_record", 8019, "")
    for n, caller in enumerate([B, C, "anonymous"]):
        call(switch1, x, caller, "0042", session=f"b-{n}")
        call(switch1, x, caller, "0042", session=f"b-{n}")
    kept = CallbackRecord.objects.order_by("pk")
    assert [row.caller_number for row in kept] == [B, C]
    assert {row.expires_at and row.expires_at - row.at for row in kept} == {lasts}
    assert brief(call(switch1, x, A, session="a-2")) == (CONNECT, "a_calls_last_caller", 0, C)
    CallbackRecord.objects.update(expires_at=timezone.now())
    assert brief(call(switch1, x, A, session="a-3")) == (REFUSE, "no_callback_record", 8019, "")
    assert CallbackRecord.objects.count() == 2


# --- AXYB -----------------------------------------------------------------------------------------------------------


def test_a_first_caller_of_x_gets_a_y_by_which_a_calls_him(switch1):
    ax = bind(pool("AXYB", count=3), seconds=3600, terms={"yb_duration": 600})
    x = ax.number.number
    first = call(switch1, x, B)
    yb = Binding.objects.get(kind="YB")
    y = yb.number.number
    assert (first.callee, first.display, first.binding_id, first.allocates_y) == (A, y, ax.pk, False)
    assert (yb.b_number, yb.parent_id, yb.bound_by) == (B, ax.pk, "switch")
    assert yb.expires_at is not None and yb.expires_at - yb.valid_from == timedelta(seconds=600)
    assert call(switch1, x, B, session="s-2").display == y
    back = call(switch1, y, A, session="s-3")
    assert (back.callee, back.display, back.direction, back.binding_id) == (B, x, 1, yb.pk)
    assert [call(switch1, dialled, caller, session="s-4").code for dialled, caller in ((x, A), (y, B), (y, C))] == [
        8032, 8032, 8030,
    ]  # fmt: skip
    expire(yb)
    assert call(switch1, y, A, session="s-5").code == 8030
    assert call(switch1, x, B, session="s-6").outcome is CONNECT
    assert Binding.objects.filter(kind="YB").count() == 2


def test_a_caller_for_whom_no_y_is_left_is_refused(switch1):
    ax = bind(pool("AXYB", count=1, no_permission_voice="no.wav"))
    decision = call(switch1, ax.number.number, B)
    assert (*brief(decision), decision.voice) == (REFUSE, "no_y_left", 8031, "", "no.wav")
    assert RoutingDecision.objects.get().code == 8031


# --- who called before ----------------------------------------------------------------------------------------------


def near_miss(decision, bound, code):
    assert (decision.outcome, decision.rule, decision.code, decision.callee) == (REFUSE, "ended_binding", code, "")
    assert (decision.ended_binding_id, decision.binding_id) == (bound.pk, None)
    newest = RoutingDecision.objects.order_by("-pk").filter(ended_binding_id__isnull=False)
    assert newest[0].ended_binding_id == bound.pk


def test_a_party_of_an_ended_pair_hears_that_it_ended(switch1):
    application = pool("AXB")
    bound = bind(application)
    x = bound.number.number
    unbind(bound)
    bind(application, C, D, x)
    for n, caller in enumerate((A, B)):
        near_miss(call(switch1, x, caller, session=f"s-{n}"), bound, 8014)
    assert call(switch1, x, C, session="s-3").callee == D
    assert call(switch1, x, party(77), session="s-4").rule == "no_binding"
    bind(application, A, party(5), x)
    assert call(switch1, x, A, session="s-5").callee == party(5)


def test_what_expired_ended_though_nothing_swept_it(switch1):
    bound = bind(pool("AXB"), seconds=3600)
    expire(bound)
    near_miss(call(switch1, bound.number.number, A), bound, 8014)


def test_after_the_cool_down_nobody_remembers(switch1):
    application = pool("AXB", cool_down_hours=1)
    bound = bind(application)
    unbind(bound)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_cooling SET released_at = released_at - interval '61 minutes'")
        cursor.execute(
            "UPDATE privacy_binding SET valid_from = valid_from - interval '2 hours',"
            " valid_to = valid_to - interval '61 minutes'"
        )
    assert call(switch1, bound.number.number, A).rule == "no_binding"
    never = bind(pool("AXB", cool_down_hours=0))
    unbind(never)
    assert call(switch1, never.number.number, A, session="s-2").rule == "no_binding"


@pytest.mark.parametrize("mode, digits, code", [("AX", None, 8014), ("AXE", "0042", 8022), ("AXYB", None, 8030)])
def test_who_called_an_x_that_is_anothers_now_never_reaches_him(switch1, mode, digits, code):
    application = pool(mode, count=1 if mode != "AXYB" else 4)
    first = numbers(application)[0].number
    order = {"extension": "0042"} if digits else {}
    bound = bind(application, A, **({"x": first} if mode != "AXYB" else {}), **order)
    x = bound.number.number
    assert call(switch1, x, B, digits, session="s-1").callee == A
    Binding.objects.filter(pk=bound.pk).update(valid_from=timezone.now() - timedelta(hours=2))
    unbind(bound)
    near_miss(call(switch1, x, B, digits, session="s-2"), bound, code)
    if mode == "AXYB":
        return
    other = bind(application, C, x=x, **order)
    near_miss(call(switch1, x, B, digits, session="s-3"), bound, code)
    # A himself calls as anybody would: he is not put through to C either.
    if mode == "AX":
        near_miss(call(switch1, x, A, session="s-4"), bound, code)
    assert call(switch1, x, D, digits, session="s-5").callee == C
    unbind(other)
    again = bind(application, A, x=x, **order)
    assert call(switch1, x, B, digits, session="s-6").callee == A
    assert again.pk != bound.pk


def test_who_was_called_through_an_x_does_not_reach_its_next_a_by_calling_back(switch1):
    application = pool("AX")
    bound = bind(application, A, x=numbers(application)[0].number)
    x = bound.number.number
    bindings.set_temporary_callee(bound, callee=B, seconds=60, user_data=None)
    assert call(switch1, x, A, session="s-1").callee == B
    unbind(bound)
    bind(application, C, x=x)
    near_miss(call(switch1, x, B, session="s-2"), bound, 8014)


def test_who_is_only_in_cdrs_called_too(switch1):
    application = pool("AX")
    bound = bind(application, A, x=numbers(application)[0].number)
    x, now = bound.number.number, timezone.now()
    Binding.objects.filter(pk=bound.pk).update(valid_from=now - timedelta(hours=2))
    at = f"{now - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    names = ("callInTime", "fwdStartTime", "fwdAlertingTime", "fwdAnswerTime", "callEndTime")
    cdr = {"bindNum": x, "calleeNum": x, "callerNum": B, "subscriptionId": str(bound.pk), **dict.fromkeys(names, at)}
    outcome = deliver(switch1, wires.fees(wires.fee("rec-1", appKey=application.app_key, **cdr)), now=now)
    assert outcome.stored == 1
    unbind(bound)
    bind(application, C, x=x)
    near_miss(call(switch1, x, B, session="s-2"), bound, 8014)
    assert call(switch1, x, D, session="s-3").callee == C


@pytest.mark.parametrize("mode", ["AX", "X"])
def test_a_former_caller_does_not_reach_the_next_holder_of_the_number(switch1, mode):
    application = pool("AX")
    bound = bind(application, A, x=numbers(application)[0].number)
    x = bound.number
    assert call(switch1, x.number, B, session="s-1").callee == A
    unbind(bound)
    other = pool(mode, "020", account=cast.make_account("corp"), call_status_url="http://customer.example/")
    now = timezone.now()
    x.holdings.update(valid_to=now)
    Holding.objects.create(number=x, application=other, valid_from=now)
    if mode == "AX":
        bind(other, C, x=x.number)
    decision = call(switch1, x.number, B, session="s-2")
    near_miss(decision, bound, 8014)
    assert decision.app_key == other.app_key


def test_a_withheld_number_never_called_before(switch1):
    application = pool("AX")
    x = numbers(application)[0].number
    bound = bind(application, A, x=x)
    call(switch1, x, "anonymous", session="s-1")
    unbind(bound)
    bind(application, C, x=x)
    assert call(switch1, x, "anonymous", session="s-2").callee == C


# --- cost -----------------------------------------------------------------------------------------------------------


RUN = "SELECT sum(generic_plans + custom_plans), sum(custom_plans) FROM pg_prepared_statements"


def test_a_decision_is_one_statement_to_read_and_one_to_write(switch1, monkeypatch):
    x = bind(pool("AXB")).number.number
    # Other tests may have had this process forget which partitions there are, which are only learnt by a commit.
    table = RoutingDecision._meta.db_table
    monkeypatch.setitem(partitions._seen, partitions._key(table), {one.name for one in partitions.existing(table)})
    told = []
    for turn in range(3):
        with CaptureQueriesContext(connection) as others:
            for n in range(20):
                call(switch1, x, A, session=f"s-{turn}-{n}")
        assert not others.captured_queries
        with connection.cursor() as cursor:
            cursor.execute(RUN)
            told += cursor.fetchall()
    (_, _), (before, planned), (after, planned_again) = told
    assert after - before == 2 * 20
    # Planned once, not for each call.
    assert planned_again == planned
