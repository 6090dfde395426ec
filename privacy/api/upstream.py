"""POST /upstream/v1/notifications: records from a switch or an upstream platform (contract.md, HTTP)."""

import logging
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import envelope
from accounts.addresses import client_address
from accounts.authentication import Principal, Refused, authenticate
from common.errors import BadInput, NotReady
from privacy import arrivals, relays
from privacy.api import bodies
from privacy.arrivals import Origin
from privacy.wire import read_body

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5
INVALID, TOO_LARGE, UNAVAILABLE = "1010002", "1010002", "1010001"


@csrf_exempt
@require_POST
def notifications(request: HttpRequest) -> HttpResponse:
    """Store one push or an array of pushes; answer after the commit with what became of its items.

    One that asks (a Block callin or SMS) is asked on and answered with what the customer says.
    """
    request_id = uuid4()
    response = _answer(request, request_id, datetime.now(UTC))
    response["X-Request-Id"] = str(request_id)
    return response


def _answer(request: HttpRequest, request_id: UUID, now: datetime) -> HttpResponse:
    try:
        principal, body = _admit(request, now)
        assert principal.upstream is not None
        items = read_body(body, now)
        upstream, signed = principal.upstream, principal.signed_app_key
        origin = Origin(request_id=request_id, address=client_address(request))
        outcome = arrivals.receive(items, upstream=upstream, signed_app_key=signed, source=origin, now=now)
        if (question := relays.question(items)) is not None:
            told = relays.answer(question, upstream=upstream, signed_app_key=signed, now=now)
            return HttpResponse(told, content_type="application/json")
    except Refused as refused:
        bodies.drain(request, _limit())
        return _refusal(refused.code, refused.description, refused.http_status)
    except bodies.TooLarge:
        bodies.drain(request, _limit())
        return _refusal(TOO_LARGE, f"body: larger than {_limit()} bytes", 413)
    except BadInput as problem:
        return _refusal(INVALID, f"Invalid request. {problem}", 400)
    except (OperationalError, InterfaceError, InternalError) as error:
        # Away, full, read-only, out of connections or locked for too long; any other error is a fault of ours.
        log.warning("the database is away: %s", type(error.__cause__ or error).__name__)
        return _unavailable()
    except NotReady:
        # The records are stored; the question is to be asked again, and will be answered once the first was.
        return _unavailable()
    return JsonResponse(
        envelope.result(stored=outcome.stored, repeated=outcome.repeated, quarantined=outcome.quarantined)
    )


def _admit(request: HttpRequest, now: datetime) -> tuple[Principal, bytes]:
    """Return who signed the request, and its body, which is read only once the signature is checked.

    A header that digests the body is the one reason to read before. Raises Refused or TooLarge.
    """
    body = bodies.read(request, _limit()) if "X-Content-SHA256" in request.headers else b""
    principal = authenticate(request.headers, address=client_address(request), door="upstream", now=now, body=body)
    return principal, body or bodies.read(request, _limit())


def _limit() -> int:
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def _refusal(code: str, description: str, status: int) -> HttpResponse:
    return JsonResponse(envelope.result(code, description), status=status)


def _unavailable() -> HttpResponse:
    response = _refusal(UNAVAILABLE, "Internal system error. Try again.", 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
