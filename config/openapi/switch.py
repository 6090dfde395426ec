"""The switch API as OpenAPI paths (docs/switch-api.md). Its views are no REST framework views."""

from typing import Any

from config.openapi import shared
from config.openapi.switch_examples import EXAMPLES

TAG = "Switch"
_NUMBER = "`+8613900000101`; `13900000101`, `008613900000101` and `075522220001` are understood too."
_SESSION = "1200_1827_4294967295_20260301030021@switch1.example"


def _text(description: str, example: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **({"examples": [example]} if example else {}), **more}


def _whole(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": description, "minimum": 0, **more}


CALL_ASKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "session_id": _text("The id under which the call's events and CDR come.", _SESSION, minLength=1, maxLength=256),
        "x": _text(f"The number that was dialled: {_NUMBER}", "+8617100000001", minLength=1, maxLength=64),
        "caller": _text(
            f'Who calls: {_NUMBER} "anonymous" when that is withheld.', "+8613800000001", minLength=1, maxLength=64
        ),
        "digits": {
            "type": ["string", "null"],
            "maxLength": 32,
            "pattern": "^[0-9*#A-D]*$",
            "description": 'Only after "collect": what the caller entered, "" when nothing came.',
        },
    },
    "required": ["session_id", "x", "caller"],
    "additionalProperties": True,
}
CALL_DECISION: dict[str, Any] = {
    "resultcode": {"type": "string", "const": "0"},
    "resultdesc": {"type": "string"},
    "decision": _text("What to do.", enum=["connect", "collect", "play", "refuse"]),
    "rule": _text("The rule that decided (docs/switch-api.md)."),
    "session_id": _text("As asked."),
    "x": _text("The number dialled, as the CDR must name it."),
    "caller": _text("The caller, as the CDR must name him."),
    "app_key": _text('The application of X, for the CDR; "" when nobody holds X.'),
    "service_type": _text("The mode, for the CDR.", enum=["", "003", "004", "005", "007"]),
    "direction": _whole("For the CDR: 0 others call A, 1 A calls, 2 abnormal.", maximum=2),
    "subscription_id": _text("The binding, for events and CDR."),
    "user_data": _text("For events and CDR."),
    "extension": _text("The extension of an AXE call, for the CDR."),
    "state_code": _whole("Why it is not put through, for the disconnect event; 0: it is."),
    "state_description": _text("The same in English."),
    "callee": _text("connect: whom to call."),
    "display": _text("connect: the number that the callee sees."),
    "max_seconds": _whole("connect: hang up so long after the answer; 0: no limit."),
    "last_minute_voice": _text("connect: played to both one minute before that."),
    "waiting_voice": _text("connect: played to the caller instead of the ring-back tone."),
    "record": {"type": "boolean", "description": "connect: record the call, after record_voice."},
    "record_voice": _text("connect: the announcement of a recording."),
    "digits": _whole("collect: how many digits to take, then ask again with them.", maximum=32),
    "voice": _text("play, refuse: played to the caller before hanging up; collect: played while digits are awaited."),
}
MESSAGE_ASKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sms_id": _text("The id under which the SMS is reported.", "sms-0001", minLength=1, maxLength=64),
        "x": _text(f"The number that the SMS was sent to: {_NUMBER}", "+8617100000001", minLength=1, maxLength=64),
        "sender": _text(f"Who sent it: {_NUMBER}", "+8613800000001", minLength=1, maxLength=64),
        "text": {"type": ["string", "null"], "description": "The text, the parts of a long SMS joined."},
    },
    "required": ["sms_id", "x", "sender"],
    "additionalProperties": True,
}
MESSAGE_DECISION: dict[str, Any] = {
    "resultcode": {"type": "string", "const": "0"},
    "resultdesc": {"type": "string"},
    "decision": _text("What to do.", enum=["forward", "discard"]),
    "rule": _text("The rule that decided (docs/switch-api.md)."),
    "sms_id": _text("As asked."),
    "x": _text("The number it was sent to, as the report must name it."),
    "sender": _text("The sender, as the report must name him."),
    "app_key": _text('The application of X, for the report; "" when nobody holds X.'),
    "direction": _text("For the report's extParas: 1 regular, 2 abnormal.", enum=["1", "2"]),
    "subscription_id": _text("The binding, for the report."),
    "user_data": _text("For the report."),
    "send_result": _whole("discard: the result to report (pushes: sendResult).", maximum=13),
    "result_description": _text("The same in English."),
    "receiver": _text("forward: to whom."),
    "display": _text("forward: the sender that the receiver sees."),
    "text": _text("forward: the text to send, which may differ from the one received."),
    "parts": _whole("In how many parts it counts."),
}
STOP: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "session_id": {"type": "string"},
        "ordered_at": {"type": "string", "format": "date-time"},
    },
    "required": ["id", "session_id", "ordered_at"],
}


def _answered(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


_SUCCESS = {"resultcode": {"type": "string", "const": "0"}, "resultdesc": {"type": "string"}}
SCHEMAS: dict[str, Any] = {
    "CallAsked": CALL_ASKED,
    "CallDecision": _answered(CALL_DECISION),
    "MessageAsked": MESSAGE_ASKED,
    "MessageDecision": _answered(MESSAGE_DECISION),
    "StopOrders": _answered({**_SUCCESS, "stops": {"type": "array", "items": STOP, "maxItems": 100}}),
    "StopsTaken": _answered({**_SUCCESS, "taken": {"type": "integer", "minimum": 0}}),
    "StopIds": {
        "type": "object",
        "properties": {"ids": {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 100}},
        "required": ["ids"],
    },
}
_REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}


def refusal(description: str, *, retry: bool = False) -> dict[str, Any]:
    """Return an answer in the envelope of the house."""
    headers = {**_REQUEST_ID, **({"Retry-After": {"$ref": "#/components/headers/Retry-After"}} if retry else {})}
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


def json_answer(description: str, schema: str) -> dict[str, Any]:
    """Return a success with a JSON body."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": EXAMPLES[schema]}
    return {"description": description, "headers": _REQUEST_ID, "content": {"application/json": content}}


def operation(
    name: str, summary: str, description: str, responses: dict[str, Any], *, body: str = "", **more: Any
) -> dict[str, Any]:
    """Return an operation of the switch, with what all of them may be refused for."""
    made: dict[str, Any] = {
        "operationId": name,
        "tags": [TAG],
        "summary": summary,
        "description": description,
        "security": shared.SECURITY,
        "responses": {
            **responses,
            "400": refusal("Headers malformed; a field is missing or no good: the text names it (1010002)."),
            "401": {"$ref": "#/components/responses/NotSigned"},
            "403": refusal("Key unknown or not usable, address not listed, locked out."),
            "413": refusal("The body is too large."),
            "503": refusal("The database is away: nothing was decided. Ask again after Retry-After.", retry=True),
        },
        **more,
    }
    if body:
        schema = {
            "schema": {"$ref": f"#/components/schemas/{body}"},
            "examples": {"Request": {"value": EXAMPLES[body]}},
        }
        made["requestBody"] = {"required": True, "content": {"application/json": schema}}
        made["parameters"] = [*made.get("parameters", []), shared.CONTENT_DIGEST]
    return made


_PART = {
    "description": "The sound, or the part that Range asked for.",
    "headers": {**_REQUEST_ID, "ETag": {"schema": {"type": "string"}}},
    "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
}
_QUERY_APP_KEY = {
    "name": "app_key",
    "in": "query",
    "required": True,
    "description": "The application that the decision named.",
    "schema": {"type": "string", "minLength": 1},
}
_NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[A-Za-z0-9_.@-]+\.[Ww][Aa][Vv]$"},
}
PATHS: dict[str, Any] = {
    "/switch/v1/calls": {
        "post": operation(
            "switch_calls",
            "Where does this call go?",
            "Asked when a call has reached X, and again with the digits after `collect`. It only decides: what happens "
            "is told by events and a CDR to `/upstream/v1/notifications`.",
            {"200": json_answer("What to do. Every field is always there.", "CallDecision")},
            body="CallAsked",
        )
    },
    "/switch/v1/messages": {
        "post": operation(
            "switch_messages",
            "What happens to this SMS?",
            "Asked when an SMS has reached X. What became of it is reported to `/upstream/v1/notifications`.",
            {"200": json_answer("What to do. Every field is always there.", "MessageDecision")},
            body="MessageAsked",
        )
    },
    "/switch/v1/stops": {
        "get": operation(
            "switch_stops",
            "Which calls are to be ended?",
            "The orders that were not taken yet, oldest first, at most 100.",
            {"200": json_answer("The orders.", "StopOrders")},
        ),
        "post": operation(
            "switch_stops_taken",
            "Take orders",
            "They are handed out no more. Ids that are unknown, or were taken before, change nothing.",
            {"200": json_answer("How many were taken now.", "StopsTaken")},
            body="StopIds",
        ),
    },
    "/switch/v1/voices/{name}": {
        "get": operation(
            "switch_voice",
            "Fetch a voice file",
            "A-law, 8 kHz, mono. Keep it with its ETag and ask with If-None-Match: a name can get another sound.",
            {
                "200": _PART,
                "206": _PART,
                "304": {"description": "It is the sound you have.", "headers": _REQUEST_ID},
                "404": refusal("No such approved file, or not an account of this upstream's."),
                "416": {"description": "There is no such part.", "headers": _REQUEST_ID},
            },
            parameters=[_NAME, _QUERY_APP_KEY],
        )
    },
}
