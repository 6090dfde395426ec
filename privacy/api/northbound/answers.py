"""How an answer looks on the wire: JSON in ASCII with the envelope, its length told (northbound.md 2, 11)."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from accounts import envelope

CONTENT_TYPE = "application/json;charset=utf-8"
LONGEST_DESCRIPTION = 256
RETRY_AFTER_SECONDS = 5


def success(**fields: Any) -> HttpResponse:
    """Return 200 with resultcode "0" and these fields."""
    return _answer(envelope.result(**fields), 200)


def created(**fields: Any) -> HttpResponse:
    """Return 201 with resultcode "0" and these fields."""
    return _answer(envelope.result(**fields), 201)


def refusal(code: str, description: str, http_status: int) -> HttpResponse:
    """Return an error; its text is cut to what clients expect and holds nothing but ASCII."""
    plain = description.encode("ascii", "backslashreplace").decode()
    return _answer(envelope.result(code, plain[:LONGEST_DESCRIPTION]), http_status)


def again(content: bytes, http_status: int) -> HttpResponse:
    """Return an answer that was given before, byte for byte."""
    response = HttpResponse(content, status=http_status, content_type=CONTENT_TYPE)
    response.resultcode = str(json.loads(content)["resultcode"])  # type: ignore[attr-defined]  # as below
    return response


def finish(response: HttpResponse, *, head: bool = False) -> HttpResponse:
    """Give the length, so that no answer is sent in chunks (HTTP/1.0 clients); an answer to HEAD has no body."""
    response["Content-Length"] = str(len(response.content))
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    if head:
        response.content = b""
    return response


def _answer(body: Mapping[str, Any], http_status: int) -> HttpResponse:
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    response = HttpResponse(text.encode("ascii"), status=http_status, content_type=CONTENT_TYPE)
    response.resultcode = str(body["resultcode"])  # type: ignore[attr-defined]  # for the log of requests
    return response
