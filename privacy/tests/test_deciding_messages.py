"""An SMS is decided once, by what holds then; the customer is asked once; asked again, the switch is told the same."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Upstream, UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common import faults
from common.errors import BadInput, Conflict, NotReady
from notifications.models import Attempt
from privacy import keywords
from privacy.bindings import keys
from privacy.deciding import answers
from privacy.deciding.messages import message, message_facts
from privacy.models import BlacklistEntry, MessageAnswer, RoutingDecision
from privacy.routing.facts import MessageAsked, MessageDecision
from privacy.tests.binding_orders import A, B, C, bind, numbers, pool, unbind
from privacy.tests.customer_server import *  # noqa: F403
from privacy.tests.customer_server import CustomerServer

pytestmark = pytest.mark.django_db
FORWARD = {"actions": [{"operation": "vNumberRoute", "message": {"called": B, "calling": A}}]}


def asked(x: str, text: str = "hello", sender: str = A, sms_id: str = "sms-1") -> MessageAsked:
    return MessageAsked(sms_id, x, sender, text)


def told(decision: MessageDecision) -> tuple[str, int, str, str, str]:
    return decision.outcome.value, decision.code, decision.rule, decision.receiver, decision.text


def test_a_pair_writes_to_each_other(switch1: Upstream) -> None:
    application = pool("AXB")
    bound = bind(application, terms={"user_data": "order-1"})
    x = bound.number.number
    there = message(switch1, asked(x, "hi"))
    assert told(there) == ("forward", 0, "sms_to_other", B, "hi")
    assert (there.subscription_id, there.app_key, there.user_data) == (str(bound.pk), application.app_key, "order-1")
    assert told(message(switch1, asked(x, "hi", "13900000001", "sms-2"))) == ("forward", 0, "sms_to_other", A, "hi")
    assert told(message(switch1, asked(x, "hi", C, "sms-3"))) == ("discard", 2, "sms_no_binding", "", "")
    unbind(bound)
    assert told(message(switch1, asked(x, "hi", A, "sms-4")))[:3] == ("discard", 2, "sms_ended_binding")


def test_both_ways_of_an_ax(switch1: Upstream) -> None:
    x = bind(pool("AX")).number.number
    assert told(message(switch1, asked(x, "hi@13900000001"))) == ("forward", 0, "sms_to_named", B, "hi")
    to_a = message(switch1, asked(x, "hi", B, "sms-2"))
    assert told(to_a) == ("forward", 0, "sms_to_a", A, "hi[From13900000001]")


def test_an_sms_never_goes_from_one_x_to_another(switch1: Upstream) -> None:
    application = pool("AX", count=2)
    first, second = bind(application), bind(application, C)
    text = f"hi@{second.number.number}"
    assert told(message(switch1, asked(first.number.number, text)))[2] == "sms_customer_not_asked"


def test_the_former_party_of_an_ax_never_reaches_who_has_the_number_now(switch1: Upstream) -> None:
    application = pool("AX")
    first = bind(application)
    x = first.number.number
    message(switch1, asked(x, "hi", B))
    unbind(first)
    bind(application, C, x=x)
    late = message(switch1, asked(x, "hi again", B, "sms-2"))
    assert told(late) == ("discard", 2, "sms_ended_binding", "", "")
    assert RoutingDecision.objects.get(session_id="sms-2").ended_binding_id == first.pk
    assert told(message(switch1, asked(x, "hi", "+8613500000001", "sms-3")))[3] == C


def test_whom_a_wrote_to_is_a_former_party_too(switch1: Upstream) -> None:
    application = pool("AX")
    first = bind(application)
    x = first.number.number
    assert told(message(switch1, asked(x, "hi@13900000001")))[3] == B
    unbind(first)
    bind(application, C, x=x)
    assert told(message(switch1, asked(x, "hi back", B, "sms-2")))[2] == "sms_ended_binding"


def test_asked_again_the_switch_is_told_the_same_although_everything_changed(switch1: Upstream) -> None:
    application = pool("AX", keep_sms_content=True)
    bound = bind(application)
    x = bound.number.number
    questions = [asked(x, "hi@13900000001"), asked(x, "hi", B, "sms-2"), asked(x, "", B, "sms-3")]
    first = [message(switch1, question) for question in questions]
    unbind(bound)
    again = [message(switch1, replace(question, x=x.removeprefix("+"))) for question in questions]
    assert again == first
    assert RoutingDecision.objects.count() == len(questions)
    assert told(message(switch1, asked(x, "hi", B, "sms-4")))[0] == "discard"


def test_the_same_id_with_another_text_is_a_clear_error_and_changes_nothing(switch1: Upstream) -> None:
    x = bind(pool("AXB")).number.number
    first = message(switch1, asked(x, "hi"))
    for other in (asked(x, "ho"), asked(x, "hi", B), asked("+8617100000009", "hi")):
        with pytest.raises(Conflict, match="sms_id: was used for another SMS"):
            message(switch1, other)
    assert message(switch1, asked(x, "hi")) == first
    assert message(cast.make_upstream("switch2"), asked(x, "ho")).text == "ho"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sms_id": ""}, "sms_id"),
        ({"sms_id": "s" * 65}, "sms_id"),
        ({"sms_id": "a\0b"}, "sms_id"),
        ({"text": "a\0b"}, "text"),
        ({"text": "a" * 70_001}, "text"),
        ({"x": "1" * 33}, "x"),
        ({"sender": "1" * 33}, "sender"),
    ],
)
def test_bad_input_names_its_field(switch1: Upstream, changed: dict[str, str], field: str) -> None:
    with pytest.raises(BadInput) as problem:
        message(switch1, replace(asked("+8617100000001"), **changed))
    assert (problem.value.field, bool(problem.value.cure)) == (field, True)
    assert not MessageAnswer.objects.exists()


def test_half_a_surrogate_pair_goes_on_as_a_question_mark(switch1: Upstream) -> None:
    x = bind(pool("AXB")).number.number
    assert message(switch1, asked(x, "a\ud83d")).text == "a?"


@pytest.mark.parametrize("keeps", [True, False])
def test_the_decision_is_kept_without_the_text_unless_the_application_keeps_texts(
    switch1: Upstream, keeps: bool
) -> None:
    application = pool("AX", keep_sms_content=keeps)
    bound = bind(application)
    message(switch1, asked(bound.number.number, "Geheimtext@13900000001"))
    row = RoutingDecision.objects.get()
    assert (row.kind, row.session_id, row.outcome, row.code, row.rule) == (
        "message",
        "sms-1",
        "forward",
        0,
        "sms_to_named",
    )
    assert (row.application_id, row.account_id, row.number_id) == (
        application.pk, application.account_id, bound.number_id
    )  # fmt: skip
    assert (row.binding_id, row.upstream_id) == (bound.pk, switch1.pk)
    detail = orjson.loads(row.detail)
    assert (detail["asked"]["sender"], detail["answer"]["receiver"]) == (A, B)
    assert (b"Geheimtext" in row.detail) is keeps
    assert b"Geheimtext" not in (MessageAnswer.objects.get().answer or b"")
    with connection.cursor() as cursor:
        cursor.execute("SELECT m::text || d::text FROM privacy_messageanswer m, privacy_routingdecision d")
        ((dumped,),) = cursor.fetchall()
    assert "Geheimtext" not in dumped and "13900000001" not in dumped


def test_an_account_in_arrears_and_unknown_numbers(switch1: Upstream, bolt: Any) -> None:
    assert told(message(switch1, asked(bolt.number.number)))[:2] == ("discard", 1)
    unknown = message(switch1, asked("+8617100000099", sms_id="sms-2"))
    assert told(unknown)[:3] == ("discard", 2, "sms_unknown_number")
    row = RoutingDecision.objects.get(session_id="sms-2")
    assert (row.account_id, row.application_id, row.number_id) == (None, None, None)


def test_the_accounts_words_decide(switch1: Upstream, operator: Any) -> None:
    application = pool("AXB")
    x = bind(application).number.number
    account = application.account
    keywords.add(account, "forbidden", ["发票"], reason="ticket 4711", user=operator)
    assert told(message(switch1, asked(x, "代开 发 票")))[:2] == ("discard", 13)
    keywords.add(account, "required", ["acme"], reason="ticket 4711", user=operator)
    assert told(message(switch1, asked(x, "hello", sms_id="sms-2")))[:2] == ("discard", 12)
    assert told(message(switch1, asked(x, "hello from ACME", sms_id="sms-3")))[:2] == ("forward", 0)


@pytest.mark.parametrize(
    ("side", "number", "other", "stopped"),
    [("caller", A, None, True), ("callee", B, None, True), ("pair", A, B, True), ("pair", B, A, False)],
)
def test_a_blacklist_stops_an_sms_where_risk_control_is_on(
    switch1: Upstream, side: str, number: str, other: str | None, stopped: bool
) -> None:
    application = pool("AXB", risk_control=True)
    x = bind(application).number.number
    key, counterpart_key = keys.caller(number), keys.caller(other) if other else b""
    BlacklistEntry.objects.create(
        application=application, side=side, number=number, key=key, counterpart=other, counterpart_key=counterpart_key
    )
    assert told(message(switch1, asked(x)))[:3] == (
        ("discard", 8, "sms_blacklist") if stopped else ("forward", 0, "sms_to_other")
    )
    application.risk_control = False
    application.save()
    assert told(message(switch1, asked(x, sms_id="sms-2")))[0] == "forward"


DISCARD = {"operation": "DiscardMessage"}
ANSWERS: dict[str, tuple[Any, int, str]] = {
    "discarded": ({"actions": [DISCARD]}, 6, "sms_customer_discards"),
    "discarded, no array": ({"actions": DISCARD}, 6, "sms_customer_discards"),
    "no receiver": ({"operation": "vNumberRoute"}, 7, "sms_customer_unusable"),
    "another sender": (
        {"actions": [{"operation": "vNumberRoute", "message": {"called": B, "calling": C}}]},
        7,
        "sms_customer_unusable",
    ),
    "no action": ({"actions": []}, 7, "sms_customer_unusable"),
    "no JSON": (b"no JSON", 7, "sms_customer_unusable"),
    "silence": (None, 7, "sms_customer_silent"),
}


@pytest.mark.django_db(transaction=True)
class TestAsking:
    """Of the customer, over a real socket."""

    def test_the_customer_is_asked_once_and_obeyed(self, switch1: Upstream, customer_server: CustomerServer) -> None:
        x, other = (row.number for row in numbers(pool("X", count=2, sms_control_url=customer_server.url)))
        customer_server.answers(FORWARD)
        first = message(switch1, asked(x, "hi@nobody"))
        assert told(first) == ("forward", 0, "sms_customer_forwards", B, "hi@nobody")
        assert message(switch1, asked(x, "hi@nobody")) == first
        ((body, _headers),) = customer_server.received
        assert orjson.loads(body)["smsEvent"]["smsIdentifier"] == "sms-1"
        assert Attempt.objects.get(session_id="sms-1").question
        customer_server.answers({"actions": [{"operation": "vNumberRoute", "message": {"called": other}}]})
        assert told(message(switch1, asked(x, sms_id="sms-2")))[:3] == ("discard", 7, "sms_customer_unusable")

    def test_each_answer_has_its_result(
        self, switch1: Upstream, customer_server: CustomerServer, settings: Any
    ) -> None:
        settings.MASKLINE = {**settings.MASKLINE, "ask_sms_seconds": 1}
        for sms_id, (answer, code, rule) in ANSWERS.items():
            bound = bind(pool("AX", sms_control_url=customer_server.url))
            customer_server.answers(answer)
            found = message(switch1, asked(bound.number.number, "no suffix", sms_id=sms_id))
            assert told(found)[:3] == ("discard", code, rule), sms_id
            assert RoutingDecision.objects.get(session_id=sms_id).binding_id == bound.pk

    def test_two_at_once_are_told_the_same_and_the_customer_is_asked_once(
        self, switch1: Upstream, customer_server: CustomerServer
    ) -> None:
        x = numbers(pool("X", sms_control_url=customer_server.url))[0].number
        customer_server.answers(FORWARD, after=0.2)

        def one(_: int) -> MessageDecision:
            try:
                return message(switch1, asked(x))
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as threads:
            first, *others = threads.map(one, range(4))
        assert told(first)[0] == "forward"
        assert all(other == first for other in others)
        assert len(customer_server.received) == 1
        assert RoutingDecision.objects.count() == 1


def test_while_another_decides_the_switch_is_to_come_again_and_a_dead_ones_place_is_taken(switch1: Upstream) -> None:
    x = bind(pool("AXB")).number.number
    question = answers.question(switch1, asked(x))
    assert answers.claim(question) is None
    with pytest.raises(NotReady):
        message(switch1, asked(x))
    with pytest.raises(Conflict):
        message(switch1, asked(x, "other"))
    MessageAnswer.objects.update(decided_at=timezone.now() - timedelta(seconds=60))
    first = message(switch1, asked(x))
    assert told(first)[0] == "forward"
    # The one who was only slow comes second: what was told first counts.
    late = replace(first, receiver=C)
    facts = message_facts(switch1, question.asked)
    assert answers.keep(question, late, facts) == first
    assert RoutingDecision.objects.count() == 1


def test_what_could_not_be_decided_is_asked_anew(switch1: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    x = bind(pool("AXB")).number.number
    monkeypatch.setattr("privacy.deciding.messages.lookup.call_facts", _fails)
    with pytest.raises(NotReady):
        message(switch1, asked(x))
    monkeypatch.undo()
    assert told(message(switch1, asked(x)))[0] == "forward"


def _fails(*_: Any, **__: Any) -> None:
    raise NotReady("away")


CHILD = """
import django, sys
django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = sys.argv[1]
from accounts.models import Upstream, UpstreamApplication
from privacy.deciding.messages import message
from privacy.routing.facts import MessageAsked
message(Upstream.objects.get(), MessageAsked("sms-1", sys.argv[2], sys.argv[3], "hello"))
"""
DEATHS = [("sms.claimed", 0), ("sms.decided", 0), ("sms.kept", 1)]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "decided"), DEATHS)
def test_killed_between_any_two_steps_the_sms_is_decided_once(
    switch1: Upstream, point: str, decided: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = bind(pool("AXB")).number.number
    monkeypatch.setenv("MASKLINE_TEST_BUILD", "1")
    monkeypatch.setenv("MASKLINE_FAULT", f"{point}:1")
    monkeypatch.setenv("MASKLINE_FAULT_LOG", str(tmp_path / "faults"))
    command = [sys.executable, "-c", CHILD, str(connection.settings_dict["NAME"]), x, A]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (tmp_path / "faults").read_text().split() == [point], killed.stderr
    assert RoutingDecision.objects.count() == decided
    if not decided:
        MessageAnswer.objects.update(decided_at=timezone.now() - timedelta(seconds=60))
    assert told(message(switch1, asked(x))) == ("forward", 0, "sms_to_other", B, "hello")
    assert (RoutingDecision.objects.count(), MessageAnswer.objects.count()) == (1, 1)


def test_every_fault_point_of_decisions_about_sms_is_in_the_table() -> None:
    named = {point for point in faults.named_in(settings.BASE_DIR / "privacy" / "deciding") if point[:4] == "sms."}
    assert named == {point for point, _ in DEATHS}


def test_another_app_key_of_the_upstream_is_not_told_an_answer(switch1: Upstream) -> None:
    bound = bind(pool("AXB"))
    question = asked(bound.number.number)
    assert message(switch1, question).receiver == B
    other = cast.make_application(cast.make_account("corp"), "corpKey", "AXB")
    UpstreamApplication.objects.create(upstream=switch1, app_key="theirs", app_secret="x" * 16, application=other)
    for _ in range(2):
        answer = message(switch1, question, app_key="theirs")
        assert (answer.rule, answer.receiver) == ("sms_unknown_number", "")
    assert message(switch1, question).receiver == B
