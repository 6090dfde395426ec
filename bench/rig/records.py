"""What the rig's switch reports: calls of six records each, and who they belong to. Nothing of the product is used.

A record is known by its session id and its place in the call; both are found again in the body of its push.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SECRET = "rig-secret-of-everybody-00000000"
UPSTREAM = "rig"
STEPS = ("callin", "callout", "alerting", "answer", "disconnect", "fee")
PATH = "/upstream/v1/notifications"
ISSUED = "2025-01-01T00:00:00+08:00"


@dataclass(frozen=True, slots=True)
class Customer:
    """One account with one application, one X and one endpoint."""

    index: int

    @property
    def app_key(self) -> str:
        """Return the application's key."""
        return f"rigKey{self.index:04d}"

    @property
    def number(self) -> str:
        """Return its X."""
        return f"+86171{self.index:08d}"


def provision_file(urls: list[str]) -> dict[str, Any]:
    """Return a provision file: a customer for each URL, to which all kinds of its pushes go."""
    customers = [Customer(index) for index in range(len(urls))]
    return {
        "accounts": [{"code": f"rig{one.index}", "name": f"Rig {one.index}"} for one in customers],
        "upstreams": [{"code": UPSTREAM, "key": UPSTREAM, "secret": SECRET}],
        "applications": [
            {"account": f"rig{one.index}", "app_key": one.app_key, "app_secret": SECRET, "name": "rig", "mode": "AXB"}
            | {"call_status_url": urls[one.index], "cdr_url": urls[one.index]}
            for one in customers
        ],
        "numbers": [
            {"number": one.number, "application": one.app_key, "kind": "virtual", "issued_at": ISSUED}
            for one in customers
        ],
    }


def record(customer: Customer, session: str, step: int, at: datetime) -> dict[str, Any]:
    """Return one record of a call in the wire format (pushes.md 1, 3)."""
    when = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    kind = STEPS[step]
    if kind == "fee":
        info = {
            "direction": 1, "appKey": customer.app_key, "icid": session[:64], "bindNum": customer.number,
            "sessionId": session, "callerNum": "+8613700000001", "calleeNum": customer.number,
            "fwdDisplayNum": customer.number, "fwdDstNum": "+8613800000002", "callInTime": when, "fwdStartTime": when,
            "fwdAnswerTime": when, "callEndTime": when, "fwdUnaswRsn": 0, "ulFailReason": 0, "sipStatusCode": 0,
            "recordFlag": 0, "serviceType": "004", "hostName": "rig.example",
        }  # fmt: skip
        return {"eventType": "fee", "feeLst": [info]}
    status = {"timestamp": when, "sessionId": session, "caller": "+8613700000001", "called": customer.number}
    return {"eventType": kind, "statusInfo": status}


def identity(body: bytes) -> tuple[str, int]:
    """Return the session and the step of a push. Raises ValueError, KeyError or IndexError for any other body."""
    told = json.loads(body)
    kind = told["eventType"]
    facts = told["feeLst"][0] if kind == "fee" else told["statusInfo"]
    return facts["sessionId"], STEPS.index(kind)


def signed(key: str, secret: str) -> dict[str, str]:
    """Return the vendor's headers of a request."""
    nonce, created = secrets.token_hex(16), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-AKSK": f'UsernameToken Username="{key}", PasswordDigest="{_digest(nonce, created, secret)}", '
        f'Nonce="{nonce}", Created="{created}"',
    }


def vendor_signature_is_good(headers: dict[str, str], secret: str) -> bool:
    """Return whether the vendor's digest of a push is right (pushes.md 0)."""
    token = headers.get("x-aksk", "").removeprefix("UsernameToken ")
    parts = {name: value.strip('"') for name, _, value in (part.partition("=") for part in token.split(", "))}
    wanted = _digest(parts.get("Nonce", ""), parts.get("Created", ""), secret)
    return hmac.compare_digest(wanted, parts.get("PasswordDigest", ""))


def _digest(nonce: str, created: str, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), (nonce + created).encode(), hashlib.sha256)).decode()
