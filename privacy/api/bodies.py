"""Reading a request's body up to a limit, also one sent in chunks, and what is left of one that is refused."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.http import HttpRequest

from common.errors import BadInput

CHUNK = 64 * 1024
DRAIN_TIMES = 4


class TooLarge(Exception):
    """The body is over the limit."""


def read(request: HttpRequest, limit: int) -> bytes:
    """Return the body. Raises TooLarge as soon as it is over the limit, BadInput when it is shorter than told."""
    return b"".join(parts(request, limit))


def parts(request: HttpRequest, limit: int) -> Iterator[bytes]:
    """Return the body piece by piece, as `read`; whether it was whole is known only at its end."""
    told = _told_length(request)
    if told > limit:
        raise TooLarge
    size = 0
    for part in _parts(request):
        size += len(part)
        if size > limit:
            raise TooLarge
        yield part
    if size < told:  # a server takes a client that hung up, or is cut, for the end of its body
        raise BadInput("body", "ended early")


def drain(request: HttpRequest, limit: int) -> None:
    """Read what is left of a body that is refused: most clients look for the answer only when they have sent it all.

    Up to a bound; beyond it the connection is closed on them.
    """
    bound = DRAIN_TIMES * limit
    if _told_length(request) <= bound:
        size = 0
        with suppress(BadInput):
            for part in _parts(request):
                size += len(part)
                if size > bound:
                    return


def _parts(request: HttpRequest) -> Iterator[bytes]:
    # Django takes a body without Content-Length for empty; gunicorn ends the stream itself and says so.
    chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if chunked else request
    while part := _next(stream):
        yield part


def _next(stream: Any) -> bytes:
    try:
        return bytes(stream.read(CHUNK))
    except Exception:  # each server has errors of its own for a client that hangs up or sends broken chunks
        raise BadInput("body", "ended early or is sent in broken chunks") from None


def _told_length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
