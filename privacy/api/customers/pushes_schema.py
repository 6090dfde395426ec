"""What the OpenAPI file says of /api/v1/pushes."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from notifications.destinations import RESTING
from notifications.listing import ALL_STATES
from notifications.models import Push, Replay
from notifications.replay import REPLAYED_STATES
from privacy.wire.northbound.replies import Reply

TAG = "Pushes"
KINDS = list(Push.Kind.values)
LIST_TEXT = (
    "Whoever lost pushes makes them up from here: nothing that was queued is missing, also what was committed late. "
    "Send the `after` of the last answer with the next request; when `more` is false, ask again later with the same "
    "cursor. A push has one place in the list, whatever becomes of it; `state` is that of now, so that whoever follows "
    "the list sends no `state`. Pushes that arrived are listed as long as attempts are kept, dead ones 30 days."
)
REPLAY_TEXT = (
    "Pushes that arrived, were given up or parked are sent again: with the same id and body and "
    "`X-Maskline-Replay: 1`, those of a call in their order, so many a second that fresh pushes keep their latency. "
    "What waits already is not queued twice. A URL that is no longer configured is not sent to: its pushes go to the "
    "URL that their kind has now. `dry_run` says how many it would be and does nothing. The same request within a "
    "minute or while its replay goes on, and the same Idempotency-Key, is the same replay; another Idempotency-Key "
    "makes another. What a server does not take within 72 hours is not queued any more: the replay ends as cancelled."
)


class ListedPush(serializers.Serializer[Any]):
    """One push."""

    id = serializers.CharField(help_text="As in the header webhook-id: drop what you have already.")
    kind = serializers.ChoiceField(KINDS)
    url = serializers.CharField()
    state = serializers.ChoiceField(list(ALL_STATES))
    sequence = serializers.IntegerField(help_text="As in X-Maskline-Sequence.")
    attempts = serializers.IntegerField()
    replay = serializers.BooleanField(help_text="It was sent again because somebody asked.")
    queued_at = serializers.DateTimeField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was given up.")
    body = serializers.CharField(
        allow_null=True, help_text="What was sent, byte for byte as UTF-8; null where it cannot be read any more."
    )


class FoundPushes(Reply):
    """A page of pushes."""

    pushes = ListedPush(many=True)
    after = serializers.CharField(help_text="The cursor for what follows.")
    more = serializers.BooleanField(help_text="There is more already.")


class ReplayForm(serializers.Serializer[Any]):
    """What is to be sent again: one push, or all that fit."""

    push = serializers.CharField(required=False, help_text="The id of one push.")
    kind = serializers.ChoiceField(KINDS, required=False)
    state = serializers.ChoiceField(list(REPLAYED_STATES), required=False)
    url = serializers.CharField(required=False, help_text="Pushes to this URL.")
    to = serializers.DateTimeField(required=False, help_text="Queued before this time.")
    dry_run = serializers.BooleanField(required=False, help_text="Only say how many.")
    reason = serializers.CharField(required=False, max_length=500)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `from`, which Python takes for a word of its own."""
        start = serializers.DateTimeField(required=False, help_text="Queued at this time or later.")
        return {**super().get_fields(), "from": start}


class HeldAt(serializers.Serializer[Any]):
    """A URL to which nothing is sent at the moment."""

    url = serializers.CharField()
    state = serializers.ChoiceField([str(state) for state in RESTING])


HELD_TEXT = (
    "Where nothing is sent until somebody resumes it: pushes are queued there, wait, and are given up after 72 h."
)


class ShownReplay(serializers.Serializer[Any]):
    """A replay."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(list(Replay.State.values))
    pushes = serializers.IntegerField(help_text="How many were chosen.")
    queued = serializers.IntegerField(
        help_text="How many of them are queued so far. In the end it may be fewer: what waits is not queued again."
    )
    held_at = HeldAt(many=True, help_text=HELD_TEXT)
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class OrderedReplay(Reply):
    """A replay that was ordered."""

    replay = ShownReplay()


class PreviewedReplay(Reply):
    """What a replay would be."""

    pushes = serializers.IntegerField(help_text="How many would be sent again.")
    waiting_already = serializers.IntegerField(help_text="How many of the choice are queued anyway.")
    without_url = serializers.IntegerField(
        help_text="How many stay as they are: their URL is no longer configured, and their kind has no other."
    )
    held_at = HeldAt(many=True, help_text=HELD_TEXT)


def _query(name: str, kind: Any, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=text, **more)


_REQUEST = OpenApiExample(
    "Request",
    value={"from": "2026-03-01T10:00:00+08:00", "to": "2026-03-01T11:00:00+08:00", "dry_run": True},
    request_only=True,
)
_DONE = {"resultcode": "0", "resultdesc": "Success"}
_PUSH = {
    "id": "msg_019526b56f4e7c119d0a3f6a1c2b4d5e",
    "kind": "fee",
    "url": "https://customer.example/cdr",
    "state": "delivered",
    "sequence": 7788,
    "attempts": 1,
    "replay": False,
    "queued_at": "2026-03-01T03:00:21.250000Z",
    "next_attempt_at": None,
    "delivered_at": "2026-03-01T03:00:21.310000Z",
    "reason": "",
    "body": '{"eventType":"fee","feeLst":[{"sessionId":"1200_1827_4294967295"}]}',
}
_REPLAY = {
    "id": "5b1d9f0e-3f0b-4c5a-9a53-2c8e0f6d7a11",
    "state": "running",
    "pushes": 4200,
    "queued": 800,
    "held_at": [],
    "asked_at": "2026-03-01T03:10:00.000000Z",
    "finished_at": None,
}
_PAGE = OpenApiExample(
    "Answer", value={**_DONE, "pushes": [_PUSH], "after": "MTIzNDU2Nzg5MA", "more": True}, response_only=True
)
_COUNTED = OpenApiExample(
    "A dry run",
    value={**_DONE, "pushes": 4200, "waiting_already": 12, "without_url": 0, "held_at": []},
    response_only=True,
    status_codes=["200"],
)
_ORDERED, _FAR = (
    OpenApiExample("Answer", value={**_DONE, "replay": _REPLAY}, response_only=True, status_codes=[status])
    for status in ("201", "200")
)
PUSHES = extend_schema_view(
    get=extend_schema(
        operation_id="pushes_list",
        summary="What was pushed, is waiting or was given up, with bodies as sent",
        description=LIST_TEXT,
        tags=[TAG],
        parameters=[
            _query("after", str, "The cursor of the last answer; none: from the first."),
            _query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}, "How many."),
            _query("kind", str, "Only of this kind.", enum=KINDS),
            _query("state", str, "Only what is in this state now.", enum=list(ALL_STATES)),
            _query("from", OpenApiTypes.DATETIME, "Queued at this time or later."),
            _query("to", OpenApiTypes.DATETIME, "Queued before this time."),
        ],
        responses={200: FoundPushes},
        examples=[_PAGE],
    )
)
REPLAYS = extend_schema_view(
    post=extend_schema(
        operation_id="pushes_replay",
        summary="Send pushes again",
        description=REPLAY_TEXT,
        tags=[TAG],
        request=ReplayForm,
        responses={200: PreviewedReplay, 201: OrderedReplay},
        examples=[_REQUEST, _COUNTED, _ORDERED],
    )
)
ONE_REPLAY = extend_schema_view(
    get=extend_schema(
        operation_id="pushes_replay_query",
        summary="How far a replay is",
        tags=[TAG],
        responses={200: OrderedReplay},
        examples=[_FAR],
    ),
    delete=extend_schema(
        operation_id="pushes_replay_cancel",
        summary="End a replay",
        description="Nothing more of it is queued; what is queued is sent. One that is over stays as it is.",
        tags=[TAG],
        responses={200: OrderedReplay},
        examples=[_FAR],
    ),
)
