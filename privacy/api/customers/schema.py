"""What the OpenAPI file says of the doors at /api/v1."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from privacy import testcalls
from privacy.testcalls import TEST_NUMBER
from privacy.wire.northbound.replies import Reply

TAG = "Trying out"
KINDS = ["event", "fee", "sms", "numStatus"]
STATES = ["queued", "delivered", "failed"]
TEXT = (
    "Plays a call or an SMS: real pushes to the application's URLs, signed as real ones, and nothing else. It costs "
    f"nothing and counts nowhere. X is {TEST_NUMBER}, which nobody has, unless `x` names a number of the application. "
    "In mode X the server behind call_status_url is really asked, and `answer` tells what it said. What a URL is "
    "missing for is listed in not_queued."
)


class TestCallForm(serializers.Serializer[Any]):
    """What is to be played."""

    scenario = serializers.ChoiceField(list(testcalls.SCENARIOS))
    caller = serializers.CharField(required=False, max_length=31, help_text="Who calls or writes.")
    callee = serializers.CharField(required=False, max_length=31, help_text="Who is reached; in mode X you say it.")
    x = serializers.CharField(required=False, max_length=31, help_text="A number of the application.")
    user_data = serializers.CharField(required=False, max_length=256)
    text = serializers.CharField(required=False, max_length=1000, help_text="Of an SMS.")


class TestPush(serializers.Serializer[Any]):
    """One push of a test."""

    kind = serializers.ChoiceField(KINDS)
    event = serializers.CharField(help_text="The eventType of a call event.", allow_blank=True)
    url_field = serializers.CharField(help_text="The application's field with the URL.", allow_blank=True)
    url = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    attempts = serializers.IntegerField()


class NotQueued(serializers.Serializer[Any]):
    """What was not queued, for want of a URL."""

    url_field = serializers.CharField()
    reason = serializers.CharField()


class CustomersAnswer(serializers.Serializer[Any]):
    """What the customer's server said in mode X."""

    operation = serializers.CharField(allow_blank=True, help_text="connect, close, or empty for no usable answer.")
    problem = serializers.CharField(allow_blank=True, help_text="silent, unreadable, callee, user_data, or empty.")
    state_code = serializers.IntegerField(help_text="With which stateCode the call ends for it; 0: it connects.")
    callee = serializers.CharField(allow_blank=True, help_text="Masked.")
    max_minutes = serializers.IntegerField()


class TestCallHead(serializers.Serializer[Any]):
    """One test."""

    session_id = serializers.CharField()
    scenario = serializers.ChoiceField(list(testcalls.SCENARIOS))
    asked_at = serializers.DateTimeField()
    pushes_queued = serializers.IntegerField()


class FoundTestCall(Reply, TestCallHead):
    """One test with its pushes."""

    pushes = TestPush(many=True)
    answer = CustomersAnswer(allow_null=True)


class PlayedTestCall(FoundTestCall):
    """A test that was played just now, or under the same Idempotency-Key before."""

    not_queued = NotQueued(many=True)


class FoundTestCalls(Reply):
    """The latest tests."""

    test_calls = TestCallHead(many=True)


_REQUEST = OpenApiExample("Request", value={"scenario": "busy", "user_data": "order-7788"}, request_only=True)
_HEAD = {
    "session_id": "test-019526b56f4e7c119d0a3f6a1c2b4d5e",
    "scenario": "busy",
    "asked_at": "2026-03-01T03:00:21Z",
    "pushes_queued": 1,
}
_PUSH = {
    "kind": "fee",
    "event": "",
    "url_field": "cdr_url",
    "url": "https://customer.example/cdr",
    "state": "queued",
    "attempts": 0,
}
_DONE = {"resultcode": "0", "resultdesc": "Success"}
_ONE = OpenApiExample("Answer", value={**_DONE, **_HEAD, "pushes": [_PUSH], "answer": None}, response_only=True)
_ALL = OpenApiExample("Answer", value={**_DONE, "test_calls": [_HEAD]}, response_only=True)
TEST_CALLS = extend_schema_view(
    post=extend_schema(
        operation_id="test_play",
        summary="Play a test call or SMS",
        description=TEXT,
        tags=[TAG],
        request=TestCallForm,
        responses={201: PlayedTestCall},
        examples=[_REQUEST],
    ),
    get=extend_schema(
        operation_id="test_list",
        summary="The latest 50 tests, newest first",
        tags=[TAG],
        responses={200: FoundTestCalls},
        examples=[_ALL],
    ),
)
ONE_TEST_CALL = extend_schema_view(
    get=extend_schema(
        operation_id="test_query",
        summary="One test with the state of its pushes",
        tags=[TAG],
        responses={200: FoundTestCall},
        examples=[_ONE],
    )
)
