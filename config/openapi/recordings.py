"""The door for recordings in the OpenAPI file (docs/recordings.md)."""

from typing import Any

from config.openapi import shared
from config.openapi.switch import json_answer, operation, refusal

_PLAIN = r"^[A-Za-z0-9_@+=-][A-Za-z0-9_.@+=-]*$"


def _parameter(name: str, place: str, description: str, **schema: Any) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, **schema}
    return {"name": name, "in": place, "required": True, "description": description, "schema": text}


SCHEMAS: dict[str, Any] = {
    "RecordingKept": {
        "type": "object",
        "properties": {
            "resultcode": {"type": "string", "const": "0"},
            "resultdesc": {"type": "string"},
            "name": {"type": "string"},
            "domain": {"type": "string"},
            "size": {"type": "integer", "minimum": 1, "description": "Bytes."},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "repeated": {"type": "boolean", "description": "The same file was there already."},
        },
        "required": ["resultcode", "resultdesc", "name", "domain", "size", "sha256", "repeated"],
    }
}
PATHS: dict[str, Any] = {
    "/switch/v1/recordings/{name}": {
        "put": operation(
            "switch_recording",
            "Deliver a recording",
            "A-law, 8 kHz, mono WAV, before the CDR or after it, but after the first thing known of the session. The "
            "same file again is a success; another one under the same name is refused, and the first one kept.",
            {
                "200": json_answer("It is kept.", "RecordingKept"),
                "404": refusal("The session is not known yet, or not of an account of this upstream's."),
                "409": refusal("Another recording has this name, or one that was deleted after its term."),
            },
            parameters=[
                _parameter("name", "path", "recordObjectName of the CDR.", maxLength=128, pattern=_PLAIN),
                _parameter("domain", "query", "recordDomain of the CDR.", maxLength=128, pattern=_PLAIN),
                _parameter("session_id", "query", "sessionId of the call's events and CDR.", maxLength=256),
                shared.CONTENT_DIGEST,
            ],
            requestBody={
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            },
        )
    }
}
