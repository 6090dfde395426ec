"""A customer's server: orders bindings of one application over HTTP, signed, on one kept connection (northbound.md)."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import orjson

from common.errors import MasklineError
from console.simulation.sender import TIMEOUT_SECONDS, TRIES, SendFailed, signed_headers
from console.simulation.wanted import Fate, Wanted

AX_PATH, AXB_PATH = "/rest/provision/caas/privatenumber/v1.0", "/rest/caas/relationnumber/partners/v1.0"
AXE_PATH, AXYB_PATH = "/rest/caas/extendnumber/v1.0", "/rest/omp/xyrelationnumber/v1.0"
CALLEE_PATH = "/rest/caas/privatenumber/calleenumber/v1.0"
STOP_PATH = "/rest/httpsessions/callStop/v2.0"
PATHS = {"AX": AX_PATH, "AXB": AXB_PATH, "AXE": AXE_PATH, "AXYB": AXYB_PATH}
# What each mode calls the number that it gave.
GIVEN = {"AX": "privateNum", "AXB": "relationNum", "AXE": "virtualNum", "AXYB": "relationNumber"}
MONTH_SECONDS, MONTH_HOURS = 30 * 86_400, 30 * 24
SHORTEST_AXB_SECONDS, SHORTEST_AXYB_SECONDS = 1, 60
CALLEE_SECONDS = 3 * 86_400
HOURS, MINUTES = "0", "1"


class OrderRefused(MasklineError):
    """The API refused an order; `code` is its result code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code} {description}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Made:
    """What a bind was answered."""

    subscription_id: str
    number: str
    extension: str


class Customer:
    """The server of one application."""

    def __init__(self, url: str, *, app_key: str, secret: str, host: str = "") -> None:
        """Order at the Maskline at `url`; `host` replaces the URL's as Host."""
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        self._base = parts.path.rstrip("/")
        self._key, self._secret = app_key, secret
        self._headers = {"Host": host} if host else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._connection.close()

    def bind(self, wanted: Wanted, parent: str = "") -> Made:
        """Make a binding; the same within a day is answered as the first time. Raises OrderRefused, SendFailed."""
        body = {"userData": wanted.order, **_BODIES[wanted.mode](wanted)}
        if parent:
            body = {"userData": wanted.order, **_yb(wanted), "subscriptionId": parent}
        told = self.order("POST", PATHS[wanted.mode], body=body, idempotency_key=wanted.order)
        return Made(told["subscriptionId"], told[GIVEN[wanted.mode]], told.get("extendNum", ""))

    def set_callee(self, subscription_id: str, callee: str) -> None:
        """Tell whom A reaches by calling his X (AX). Raises OrderRefused, SendFailed."""
        body = {"subscriptionId": subscription_id, "calleeNum": callee, "duration": CALLEE_SECONDS}
        self.order("PUT", CALLEE_PATH, body=body)

    def unbind(self, mode: str, subscription_id: str) -> None:
        """End a binding. Raises OrderRefused, SendFailed."""
        self.order("DELETE", PATHS[mode], {"subscriptionId": subscription_id})

    def order(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        idempotency_key: str = "",
    ) -> dict[str, Any]:
        """Return what a request is answered, sent again while the door is away. Raises OrderRefused, SendFailed."""
        sent = {"app_key": self._key, **(query or {})} if path == AXYB_PATH else query
        address = f"{self._base}{path}" + (f"?{urlencode(sent)}" if sent else "")
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(2 ** (attempt - 2))
            try:
                status, answer = self._exchange(method, address, body, idempotency_key)
            except (OSError, HTTPException) as error:
                self._connection.close()
                problem = type(error).__name__
                continue
            if status == 200:
                told: dict[str, Any] = orjson.loads(answer)
                return told
            if status != 503:
                raise _refused(status, answer)
            problem = f"{status}"
        raise SendFailed(f"{path} took nothing in {TRIES} tries; last: {problem}")

    def _exchange(self, method: str, address: str, body: dict[str, Any] | None, key: str) -> tuple[int, bytes]:
        headers = self._headers | signed_headers(self._key, self._secret, now=datetime.now(UTC))
        if key:
            headers["Idempotency-Key"] = key
        content = orjson.dumps(body) if body is not None else None
        self._connection.request(method, address, body=content, headers=headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def _refused(status: int, answer: bytes) -> MasklineError:
    try:
        told = orjson.loads(answer)
        return OrderRefused(told["resultcode"], told["resultdesc"])
    except (ValueError, KeyError, TypeError):
        return SendFailed(f"the door answered {status}")


def _place(wanted: Wanted, name: str) -> dict[str, Any]:
    """Return the X that is named, or the city it is to be of, or near."""
    return {name: wanted.x} if wanted.x else {"areaCode": wanted.area_code, "areaMatchMode": "1"}


def _axb(wanted: Wanted) -> dict[str, Any]:
    seconds = SHORTEST_AXB_SECONDS if wanted.fate is Fate.EXPIRES else MONTH_SECONDS
    body = {"callerNum": wanted.a, "calleeNum": wanted.b, "callDirection": 0, "duration": seconds}
    return body | {"recordFlag": str(wanted.recorded).lower()} | _place(wanted, "relationNum")


def _ax(wanted: Wanted) -> dict[str, Any]:
    body: dict[str, Any] = {"origNum": wanted.a, "calleeNumDisplay": "0", "privateNumType": "mobile-virtual"}
    return body | {"recordFlag": str(wanted.recorded).lower()} | _place(wanted, "privateNum")


def _axe(wanted: Wanted) -> dict[str, Any]:
    short = wanted.fate is Fate.EXPIRES
    body: dict[str, Any] = {"bindNum": wanted.a, "timeUnit": MINUTES if short else HOURS}
    body |= {"bindExpiredTime": 1 if short else MONTH_HOURS, **_place(wanted, "virtualNum")}
    return body | ({"extendNum": wanted.extension} if wanted.extension else {})


def _axyb(wanted: Wanted) -> dict[str, Any]:
    return {"origNum": wanted.a, "duration": 0, "recordFlag": str(wanted.recorded).lower(), **_place(wanted, "")}


def _yb(wanted: Wanted) -> dict[str, Any]:
    seconds = SHORTEST_AXYB_SECONDS if wanted.fate is Fate.EXPIRES else 0
    return {"origNum": wanted.b, "ybDuration": seconds}


_BODIES = {"AXB": _axb, "AX": _ax, "AXE": _axe, "AXYB": _axyb}
