"""Asks who signed a request, at one moment from one address: what the tests of signatures share."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.authentication import Principal, Refused, authenticate
from accounts.models import Application, Lockout
from accounts.tests.cast import SECRET, signed_headers

NOW = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)
HOME = "192.0.2.10"
KEY = "acmeAppKey01"
BEIJING = timedelta(hours=8)
MINUTE = timedelta(minutes=1)
BODY = b'{"callerNum":"+8613800000021"}'


def ask(
    sent: dict[str, str], door: Any = "customer", now: datetime = NOW, address: str = HOME, body: bytes = b""
) -> Principal:
    return authenticate(sent, address=address, door=door, now=now, body=body)


def code_of(sent: dict[str, str], **where: Any) -> str:
    with pytest.raises(Refused) as refused:
        ask(sent, **where)
    return f"{refused.value.http_status} {refused.value.code}"


def with_digest(sent: dict[str, str], digest: str) -> dict[str, str]:
    name = next(name for name in sent if name.startswith("X-"))
    head, _, rest = sent[name].partition('PasswordDigest="')
    return {**sent, name: f'{head}PasswordDigest="{digest}"{rest[rest.index(chr(34)) + 1 :]}'}


FAULTS = ["form", "lockout", "key", "state", "address", "time", "digest"]
CODES = {
    "form": "400 1023012",
    "lockout": "403 1020176",
    "key": "403 1010003",
    "state": "403 1010008",
    "address": "403 1020166",
    "time": "401 1010013",
    "digest": "401 1010010",
}


def request_with(faults: list[str]) -> dict[str, str]:
    """Return a request that has all these faults, after bringing the database to where they are faults."""
    key = "nobody" if "key" in faults else KEY
    Application.objects.update(
        state="suspended" if "state" in faults else "active", allowed_ips=["10.0.0.0/8"] if "address" in faults else []
    )
    if "lockout" in faults:
        Lockout.objects.create(address=HOME, key=key, failures=20, window_started_at=NOW, locked_until=NOW + MINUTE)
    secret = "another-secret" if "digest" in faults else SECRET
    sent = signed_headers(key, secret=secret, now=NOW - timedelta(hours=1) if "time" in faults else NOW)
    if "form" in faults:
        sent["Authorization"] = sent["Authorization"].replace(',type="Appkey"', "")
    return sent
