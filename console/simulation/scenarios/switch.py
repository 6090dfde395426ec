"""The switch: asks where a call or an SMS goes and takes stop orders (docs/switch-api.md), on one connection."""

from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Self
from urllib.parse import urlsplit

import orjson

from console.simulation.records import Json, event
from console.simulation.sender import PATH, TIMEOUT_SECONDS, Sender, SendFailed, signed_headers

MINUTE, CUSTOMER_CLOSED = 60, 8017
CALLS, MESSAGES, STOPS = "/switch/v1/calls", "/switch/v1/messages", "/switch/v1/stops"


class Switch:
    """One switch at one Maskline: it reports through `sender`, and asks as the same upstream."""

    def __init__(self, sender: Sender, *, key: str, secret: str) -> None:
        parts = urlsplit(sender.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        self._base = parts.path.rstrip("/")
        self._headers = {"Host": sender.host} if sender.host else {}
        self._key, self._secret = key, secret
        self.sender = sender

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._connection.close()

    def ask_call(self, *, session_id: str, x: str, caller: str, digits: str | None = None) -> Json:
        """Return what the switch is told to do with a call. Raises SendFailed."""
        asked: Json = {"session_id": session_id, "x": x, "caller": caller}
        return self._exchange("POST", CALLS, asked if digits is None else asked | {"digits": digits})

    def ask_by_callin(self, *, session_id: str, x: str, caller: str, at: datetime) -> Json:
        """Return what comes of a Block callin, by which an upstream platform asks (pushes.md 2). Raises SendFailed."""
        asked = event("callin", at, session_id, caller=caller, called=x, notifyMode="Block")
        said = self._exchange("POST", PATH, asked)
        info = said.get("connectInfo") or said.get("closeInfo") or {}
        told: Json = {"direction": 0, "user_data": info.get("userData")}
        if said.get("operation") != "connect":
            return told | {"decision": "refuse", "state_code": CUSTOMER_CLOSED}
        minutes = int(info.get("maxDuration") or 0)
        return told | {"decision": "connect", "callee": info["calleeNum"], "max_seconds": minutes * MINUTE}

    def ask_message(self, *, sms_id: str, x: str, sender: str, text: str) -> Json:
        """Return what the switch is told to do with an SMS. Raises SendFailed."""
        return self._exchange("POST", MESSAGES, {"sms_id": sms_id, "x": x, "sender": sender, "text": text})

    def take_stops(self) -> list[Json]:
        """Return the stop orders there are, and take them. Raises SendFailed."""
        found: list[Json] = self._exchange("GET", STOPS)["stops"]
        if found:
            self._exchange("POST", STOPS, {"ids": [order["id"] for order in found]})
        return found

    def _exchange(self, method: str, path: str, body: Any = None) -> Json:
        headers = self._headers | signed_headers(self._key, self._secret, now=datetime.now(UTC))
        content = orjson.dumps(body) if body is not None else None
        try:
            self._connection.request(method, self._base + path, body=content, headers=headers)
            response = self._connection.getresponse()
            status, answer = response.status, response.read()
        except (OSError, HTTPException) as problem:
            self._connection.close()
            raise SendFailed(f"{path}: {type(problem).__name__}: {problem}") from problem
        if status != 200:
            raise SendFailed(f"{path} answered {status}: {answer[:300].decode('utf-8', 'replace')}")
        told: Json = orjson.loads(answer)
        return told
