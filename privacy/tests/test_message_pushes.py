"""What a customer is told of an SMS: its parts and direction always, its text where he wants it, each result."""

from typing import Any

import orjson
import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications.models import Push
from privacy.models import Message, MessageResult, Quarantined
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(acme: Company) -> Company:
    """Acme, who is told of SMS."""
    acme.application.sms_url = "https://acme.example/sms"
    acme.application.save()
    return acme


def pushed() -> list[dict[str, Any]]:
    """Return what was queued, in the order in which it leaves."""
    return [orjson.loads(push.body)["smsEvent"] for push in Push.objects.order_by("sequence")]


def paras(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"extParas": [{"key": key, "value": value} for key, value in pairs]}


SAID = paras(("splitNum", "3"), ("direction", "2"))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        # Counted from the text where nobody counted.
        ({"smsContent": "汉" * 71}, paras(("splitNum", "2"), ("direction", "1"))),
        ({"extInfo": {"extParas": []}}, paras(("splitNum", "1"), ("direction", "1"))),
        # What the switch said stays as it said it.
        ({"extInfo": SAID}, SAID),
        ({"extInfo": paras(("direction", "2"))}, paras(("direction", "2"), ("splitNum", "1"))),
        ({"extInfo": paras(("other", "x"))}, paras(("other", "x"), ("splitNum", "1"), ("direction", "1"))),
        ({"extInfo": {"mine": 1, **SAID}}, {"mine": 1, **SAID}),
        # Written in a way of its own: not touched.
        ({"extInfo": {"extParas": "none"}}, {"extParas": "none"}),
        ({"extInfo": {"extParas": ["x"]}}, {"extParas": ["x"]}),
        # Without a text nobody knows the parts; without a binding it was no regular one.
        ({"smsContent": ...}, paras(("direction", "1"))),
        ({"smsContent": ..., "called": ..., "result": 2}, paras(("direction", "2"))),
    ],
)
def test_parts_and_direction_are_told_where_the_switch_said_none(
    told: Company, switch1: Any, sent: dict[str, Any], expected: dict[str, Any]
) -> None:
    deliver(switch1, wires.sms(**sent))
    assert [sms["extInfo"] for sms in pushed()] == [expected]


def test_a_later_result_is_told_with_the_parts_that_are_known(told: Company, switch1: Any) -> None:
    first: dict[str, Any] = {
        "timeStamp": "2026-03-01T02:03:01.000Z",
        "smsContent": "a" * 161,
        "extInfo": paras(("direction", "2")),
    }
    deliver(switch1, wires.sms(result=0, **first))
    deliver(switch1, wires.sms(result=10, timeStamp="2026-03-01T02:03:09.000Z", smsContent=...))
    deliver(switch1, wires.sms(result=10, timeStamp="2026-03-01T02:03:09.000Z", smsContent=...))
    assert [(sms["sendResult"], "smsContent" in sms) for sms in pushed()] == [(0, False), (10, False)]
    assert [{para["key"]: para["value"] for para in sms["extInfo"]["extParas"]} for sms in pushed()] == [
        {"splitNum": "2", "direction": "2"}
    ] * 2


def test_a_result_that_comes_after_a_newer_one_is_kept_and_not_told(told: Company, switch1: Any) -> None:
    """The last push says what counts."""
    for second, result in ((1, 0), (9, 10), (4, 5)):
        deliver(switch1, wires.sms(result=result, timeStamp=f"2026-03-01T02:03:0{second}.000Z"))
    assert [sms["sendResult"] for sms in pushed()] == [0, 10]
    assert (MessageResult.objects.count(), Message.objects.get().send_result) == (3, 10)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_later_result_carries_the_text_only_where_it_is_kept(told: Company, switch1: Any, keeps: bool) -> None:
    told.application.keep_sms_content = keeps
    told.application.save()
    for second, result in ((1, 4), (9, 0)):
        deliver(switch1, wires.sms(result=result, timeStamp=f"2026-03-01T02:03:0{second}.000Z"))
    assert [sms.get("smsContent") for sms in pushed()] == ["hello" if keeps else None] * 2
    assert Message.objects.get().content == ("hello" if keeps else None)


def test_parts_that_were_counted_are_not_contradicted_by_the_text_alone(told: Company, switch1: Any) -> None:
    """What A wrote has its suffix counted, and is told without it."""
    deliver(switch1, wires.sms(result=4, extInfo=paras(("splitNum", "2"))))
    deliver(switch1, wires.sms(result=0, timeStamp="2026-03-01T02:03:09.000Z"))
    message = Message.objects.get()
    assert (message.send_result, message.parts) == (0, 2)
    deliver(switch1, wires.sms(result=0, timeStamp="2026-03-01T02:03:10.000Z", extInfo=paras(("splitNum", "3"))))
    assert Quarantined.objects.get().reason == "same_id_other_content"
