"""/api/v1/test/calls: a call or an SMS is played, with real pushes and nothing else (docs/northbound.md)."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from common.errors import BadInput
from common.phone import parse_typed
from privacy import testcalls
from privacy.api.customers import schema
from privacy.api.northbound import answers, idempotency
from privacy.api.northbound.door import ApiProblem, Endpoint, Order
from privacy.models import TestCall
from privacy.testcalls import Queued, Wanted

NOT_FOUND = "1012007"
AT_MOST = 50
# Which field of the application a push's URL stands in, as its owner finds it in the console.
URL_FIELDS = ("callin_url", "call_status_url", "cdr_url", "sms_url", "number_status_url")


@schema.TEST_CALLS
class TestCalls(Endpoint):
    """Play one, or look at the latest."""

    operations = {"POST": "test.play", "GET": "test.list"}
    # In X mode the customer's server is asked: no transaction may be open meanwhile.
    keeps_answers = False

    def post_order(self, order: Order) -> HttpResponse:
        """Play what is wanted and answer with the pushes that are queued."""
        key = idempotency.read_key(self.request)
        wanted = read(order.parameters)
        call = testcalls.play(order.application, wanted, key=key, asked_by=order.application.app_key, now=order.now)
        response = answers.created(
            **shown(call, testcalls.queued(call)),
            not_queued=[
                {"url_field": name, "reason": "is not set for the application"}
                for name in testcalls.missing_urls(order.application, wanted.scenario)
            ],
        )
        if call.asked_at != order.now:
            response[idempotency.REPLAYED] = "true"
        return response

    def get_order(self, order: Order) -> dict[str, Any]:
        """Return the latest, newest first."""
        rows = TestCall.objects.filter(application=order.application).order_by("-pk")[:AT_MOST]
        return {"test_calls": [_head(call) for call in rows]}


@schema.ONE_TEST_CALL
class OneTestCall(Endpoint):
    """One, with the state of its pushes."""

    operations = {"GET": "test.query"}

    def get_order(self, order: Order) -> dict[str, Any]:
        """Return it."""
        session_id = self.kwargs["session_id"]
        rows = TestCall.objects.filter(application=order.application, session_id=session_id)
        call = rows.first() if session_id.isascii() and session_id.isprintable() else None
        if call is None:
            raise ApiProblem(NOT_FOUND)
        return shown(call, testcalls.queued(call))


def read(parameters: Mapping[str, Any]) -> Wanted:
    """Return what is wanted. Raises BadInput naming the field."""
    given = {name: _text(parameters, name) for name in ("scenario", "caller", "callee", "x", "user_data", "text")}
    if not given["scenario"]:
        raise BadInput("scenario", f"is missing; send one of {', '.join(testcalls.SCENARIOS)}")
    numbers = {name: _number(name, given[name]) for name in ("caller", "callee", "x")}
    return Wanted(given["scenario"], **numbers, user_data=given["user_data"] or None, text=given["text"])


def shown(call: TestCall, pushes: list[Queued]) -> dict[str, Any]:
    """Return a test as its owner sees it: `answer` is what his server said in X mode, its number masked."""
    return {
        **_head(call),
        "pushes": [
            {
                "kind": push.kind,
                "event": push.event,
                "url_field": url_field(call, push),
                "url": push.url,
                "state": push.state,
                "attempts": push.attempts,
            }
            for push in pushes
        ],
        "answer": call.answer,
    }


def url_field(call: TestCall, push: Queued) -> str:
    """Return the application's field with a push's URL, "" when it was changed since."""
    found = [name for name in URL_FIELDS if getattr(call.application, name) == push.url]
    usual = {"fee": "cdr_url", "sms": "sms_url", "numStatus": "number_status_url"}.get(push.kind, "call_status_url")
    if push.event == "callin" and "callin_url" in found:
        return "callin_url"
    return usual if usual in found else next((name for name in found if name != "callin_url"), "")


def _head(call: TestCall) -> dict[str, Any]:
    return {
        "session_id": call.session_id,
        "scenario": call.scenario,
        "asked_at": call.asked_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "pushes_queued": call.pushes,
    }


def _text(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(name, "is no text")
    return value


def _number(name: str, text: str) -> str:
    try:
        return parse_typed(text) if text else ""
    except BadInput:
        raise BadInput(name, "is no number in global format: +, country code, number") from None
