"""An endpoint that answers with what it was ordered, for tests of the door alone."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import RequestFactory

from accounts.models import Application
from accounts.tests import cast
from common.errors import BadInput, NotReady
from privacy.api.northbound.door import ApiProblem, Endpoint, Order
from privacy.bindings.problems import PartyBound

PATH = "/rest/echo"


class Echo(Endpoint):
    """Gives back its parameters; with `fault` it fails in the way asked for."""

    mode = Application.Mode.AXB
    operations = {"POST": "axb.bind", "GET": "axb.query", "PUT": "axb.modify", "DELETE": "axb.unbind"}
    done = 0

    def handle(self, order: Order) -> dict[str, Any]:
        """Count and echo, or raise."""
        match order.parameters.get("fault"):
            case "input":
                raise BadInput("callerNum", "is no phone number")
            case "business":
                raise PartyBound
            case "code":
                raise ApiProblem("1020152")
            case "busy":
                raise NotReady("too many at once")
            case "ours":
                raise ZeroDivisionError
        type(self).done += 1
        return {"got": order.parameters, "query": order.query, "done": type(self).done}


def ask(
    method: str = "POST", body: Any = b"", *, query: str = "", headers: dict[str, str] | None = None, **sent: Any
) -> HttpResponse:
    """Send one request to the endpoint, signed by Acme unless `headers` say otherwise."""
    signed = cast.signed_headers("acmeAppKey01") if headers is None else headers
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = RequestFactory().generic(
        method,
        PATH,
        raw,
        content_type="application/json",
        QUERY_STRING=query,
        headers=signed | sent.pop("also", {}),
        **sent,
    )
    return Echo.as_view()(request)


def told(response: HttpResponse) -> str:
    """Return HTTP status and result code of an answer."""
    return f"{response.status_code} {json.loads(response.content)['resultcode']}"


def described(response: HttpResponse) -> str:
    """Return the resultdesc of an answer."""
    return str(json.loads(response.content)["resultdesc"])


__all__ = ["PATH", "Echo", "ask", "described", "told"]
