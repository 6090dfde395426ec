"""What the doors of the switch have in common: who asks, how much, and every answer in one shape (docs/switch-api.md).

No session, no REST framework and no flow control: a call waits for each of these answers. The lock-out applies.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from accounts import envelope
from accounts.addresses import client_address
from accounts.authentication import Refused, authenticate
from accounts.models import Upstream
from common.errors import BadInput, MasklineError, NotReady
from privacy.api import bodies
from privacy.wire.body import parse

log = logging.getLogger(__name__)
# The longest SMS there is has a tenth of it.
LARGEST_BODY = 64 * 1024
RETRY_AFTER_SECONDS = 5
CONTENT_TYPE = "application/json;charset=utf-8"
# The house's codes of northbound.md 9.1.
INVALID, FAILED, NOT_THERE, WRONG_METHOD = "1010002", "1010001", "1012007", "1010006"
BOM = b"\xef\xbb\xbf"
# The headers of a signature as WSGI names them: Django's mapping of all headers is made anew for each request.
SIGNATURE = {
    f"HTTP_{name.replace('-', '_')}": name for name in ("AUTHORIZATION", "X-AKSK", "X-WSSE", "X-CONTENT-SHA256")
}


class NotThere(MasklineError):
    """What is asked for does not exist, or is not this upstream's: the answer is 404 with this text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A signed request. `app_key` is the vendor's that signed it, "" when the upstream's own key did.

    `body` is empty at a door that reads it itself, but for a request whose signature digests it.
    """

    request: HttpRequest
    upstream: Upstream
    app_key: str
    body: bytes
    now: datetime

    def parameters(self) -> dict[str, Any]:
        """Return the JSON object of the body, whatever its Content-Type says. Raises BadInput."""
        sent = parse(self.body.removeprefix(BOM))
        if not isinstance(sent, dict):
            raise BadInput("body", "is not a JSON object", 'send {"name": "value", ...}')
        return sent


Handler = Callable[..., HttpResponseBase]


def door(
    *, limit: int = LARGEST_BODY, reads_itself: bool = False, **handlers: Handler
) -> Callable[..., HttpResponseBase]:
    """Return the view that answers each method with its handler, called with Asked and the parts of the path.

    A GET answers HEAD too. With `reads_itself` the handler reads the body out of the request, up to its own limit.
    """
    allowed = ", ".join(sorted({*handlers, *(["HEAD"] if "GET" in handlers else [])}))

    def view(request: HttpRequest, **path: str) -> HttpResponseBase:
        handler = handlers.get("GET" if request.method == "HEAD" else request.method or "")
        if handler is None:
            bodies.drain(request, limit)
            response: HttpResponseBase = refusal(WRONG_METHOD, f"Not allowed here. Send {allowed}.", 405)
            response["Allow"] = allowed
        else:
            response = _answer(request, handler, path, limit, reads_itself)
        response["X-Request-Id"] = str(uuid4())
        if request.method == "HEAD" and isinstance(response, HttpResponse):
            response["Content-Length"] = response.headers.get("Content-Length", str(len(response.content)))
            response.content = b""
        return response

    return csrf_exempt(view)


def answer(fields: Mapping[str, Any]) -> HttpResponse:
    """Return a success with these fields."""
    return _json(envelope.result(**fields), 200)


def refusal(code: str, description: str, http_status: int) -> HttpResponse:
    """Return an error in the envelope of the house."""
    return _json(envelope.result(code, description), http_status)


def _answer(
    request: HttpRequest, handler: Handler, path: Mapping[str, str], limit: int, reads_itself: bool
) -> HttpResponseBase:
    try:
        return handler(_admit(request, limit, reads_itself), **path)
    except Refused as refused:
        bodies.drain(request, limit)
        return refusal(refused.code, refused.description, refused.http_status)
    except bodies.TooLarge:
        bodies.drain(request, limit)
        return refusal(INVALID, f"body: larger than {limit} bytes", 413)
    except BadInput as problem:
        return refusal(INVALID, f"Invalid request. {problem}", 400)
    except NotThere as problem:
        return refusal(NOT_THERE, str(problem), 404)
    except (OperationalError, InterfaceError, InternalError) as error:
        # Away, full, read-only, out of connections or locked for too long; any other error is a fault of ours.
        log.warning("the database is away: %s", type(error.__cause__ or error).__name__)
        return _unavailable()
    except NotReady as problem:
        log.warning("not ready: %s", problem)
        return _unavailable()
    except Exception:
        log.exception("a request of a switch failed")
        return refusal(FAILED, "Internal system error.", 500)


def _admit(request: HttpRequest, limit: int, reads_itself: bool) -> Asked:
    """Return the request and who signed it; the body is read when that is known. Raises Refused or TooLarge.

    A header that digests the body is the one reason to read before.
    """
    now = datetime.now(UTC)
    signature = {name: request.META[key] for key, name in SIGNATURE.items() if key in request.META}
    digested = "X-CONTENT-SHA256" in signature
    body = bodies.read(request, limit) if digested else b""
    principal = authenticate(signature, address=client_address(request), door="upstream", now=now, body=body)
    assert principal.upstream is not None
    if not digested and not reads_itself:
        body = bodies.read(request, limit)
    return Asked(request, principal.upstream, principal.signed_app_key, body, now)


def _unavailable() -> HttpResponse:
    response = refusal(FAILED, "Internal system error. Try again.", 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _json(body: Mapping[str, Any], http_status: int) -> HttpResponse:
    content = orjson.dumps(body)
    headers = {"Content-Length": str(len(content)), "Cache-Control": "no-store"}
    return HttpResponse(content, status=http_status, content_type=CONTENT_TYPE, headers=headers)
