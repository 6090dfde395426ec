"""A switch that asks, through Django's test client."""

from typing import Any

import orjson
from django.test import Client

from accounts.tests import cast

CALLS, MESSAGES = "/switch/v1/calls", "/switch/v1/messages"
STOPS, VOICES = "/switch/v1/stops", "/switch/v1/voices/"


def ask(
    method: str,
    path: str,
    body: Any = b"",
    *,
    key: str = "switch1",
    secret: str = cast.SECRET,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
    generation: Any = "AKSK",
) -> Any:
    """Return the answer to a signed request; what is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    signed = cast.signed_headers(key, secret, generation)
    return Client().generic(method, path, content, content_type, headers={**signed, **(headers or {})})
