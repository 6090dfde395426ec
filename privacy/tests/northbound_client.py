"""A customer's program for tests: it signs each request to /rest and returns (HTTP status, answer)."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client as DjangoClient

from accounts.digests import Generation
from accounts.models import Account, Application
from accounts.tests import cast
from privacy.models import VoiceFile

AX = "/rest/provision/caas/privatenumber/v1.0"
CALLEE = "/rest/caas/privatenumber/calleenumber/v1.0"
AXB = "/rest/caas/relationnumber/partners/v1.0"
AXE = "/rest/caas/extendnumber/v1.0"
AXYB = "/rest/omp/xyrelationnumber/v1.0"
RECORD = "/rest/provision/voice/record/v1.0"
STOP = "/rest/httpsessions/callStop/v2.0"
PATHS = {"AX": AX, "AXB": AXB, "AXE": AXE, "AXYB": AXYB}

Answer = tuple[int, dict[str, Any]]
_HANDLER = DjangoClient().handler


class Client:
    """Signs as one application. `post` and `put` send JSON, `get` and `delete` a query; `path` is that of its mode.

    AXYB's app_key is sent with every request unless it is among the parameters (None leaves it out).
    """

    def __init__(
        self, application: Application, *, generation: Generation = "AKSK", headers: Mapping[str, str] | None = None
    ) -> None:
        self.application = application
        self.path = PATHS.get(application.mode, AXB)
        self.generation: Generation = generation
        self.headers = dict(headers or {})
        self.response: Any = HttpResponse()

    def post(self, path: str = "", query: Mapping[str, Any] | None = None, /, **parameters: Any) -> Answer:
        """Bind, or whatever POST does at `path`."""
        return self.send("POST", path, query, parameters)

    def put(self, path: str = "", query: Mapping[str, Any] | None = None, /, **parameters: Any) -> Answer:
        """Modify, or set a temporary callee."""
        return self.send("PUT", path, query, parameters)

    def get(self, path: str = "", /, **query: Any) -> Answer:
        """Query."""
        return self.send("GET", path, query)

    def delete(self, path: str = "", body: Mapping[str, Any] | None = None, /, **query: Any) -> Answer:
        """Unbind."""
        return self.send("DELETE", path, query, body)

    def send(
        self, method: str, path: str = "", query: Mapping[str, Any] | None = None, body: Any = None, **headers: str
    ) -> Answer:
        """Send one request; `self.response` is the whole answer afterwards."""
        where = path or self.path
        asked = {"app_key": self.application.app_key} if where == AXYB else {}
        asked |= query or {}
        text = urlencode({name: value for name, value in asked.items() if value is not None})
        sender = DjangoClient()
        # To load the middleware costs ten times what a request does: once for all.
        sender.handler = _HANDLER
        self.response = sender.generic(
            method,
            f"{where}?{text}" if text else where,
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/json;charset=UTF-8",
            headers={**self.signed(), **self.headers, **headers},
        )
        content = self.response.content
        return self.response.status_code, json.loads(content) if content else {}

    def signed(self) -> dict[str, str]:
        """Return the two headers that sign a request of this application."""
        return cast.signed_headers(self.application.app_key, self.application.app_secret, self.generation)

    def bind(self, **parameters: Any) -> dict[str, Any]:
        """Bind and return the answer, which must be a success."""
        return self.done(self.post(**parameters))

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Query and return the answer, which must be a success."""
        return self.done(self.get(**parameters))

    def done(self, answer: Answer) -> dict[str, Any]:
        """Return a success; fail with what was answered instead."""
        status, told = answer
        assert (status, told["resultcode"]) == (200, "0"), answer
        return told


def refused(answer: Answer) -> tuple[int, str]:
    """Return HTTP status and code of a refusal."""
    status, told = answer
    assert isinstance(told["resultdesc"], str) and told["resultdesc"].isascii(), answer
    return status, told["resultcode"]


def at_fault(answer: Answer) -> str:
    """Return the parameter that a 1010002 names."""
    assert refused(answer) == (403, "1010002"), answer
    text: str = answer[1]["resultdesc"]
    assert text.startswith("Invalid request. "), text
    return text.removeprefix("Invalid request. ").partition(":")[0]


def approve_voices(account: Account, *names: str) -> None:
    """Give an account voice files that may be used."""
    facts = {"size": 1, "milliseconds": 1, "sha256": "0" * 64, "stored_as": "-", "uploaded_by": "tests"}
    for name in names:
        VoiceFile.objects.create(account=account, name=name, state=VoiceFile.State.APPROVED, **facts)
