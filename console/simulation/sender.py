"""Bringing pushes through the HTTP door, signed as a switch signs them (docs/ingest.md), on one kept connection."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Self
from urllib.parse import urlsplit

import orjson

from accounts import digests
from common.errors import MasklineError
from console.simulation.records import Json

PATH = "/upstream/v1/notifications"
# The door takes at most so many items in a request (docs/ingest.md).
BATCH = 1000
TRIES = 5
TIMEOUT_SECONDS = 120.0


class SendFailed(MasklineError):
    """The door did not take a request; str() says what it answered."""

    retry = True


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the items sent; received = stored + repeated + quarantined."""

    stored: int = 0
    repeated: int = 0
    quarantined: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.stored + other.stored, self.repeated + other.repeated, self.quarantined + other.quarantined)

    @property
    def received(self) -> int:
        """How many items there were."""
        return self.stored + self.repeated + self.quarantined


class Sender:
    """A switch: sends pushes to one Maskline. Order is kept, since one request follows the other."""

    def __init__(self, url: str, *, key: str, secret: str, host: str = "") -> None:
        """Send to the Maskline at `url`, signing with `key` and `secret`; `host` replaces the URL's as Host."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SendFailed(f"{url} is no http or https address")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        self._path = parts.path.rstrip("/") + PATH
        self._headers = {"Host": host} if host else {}
        self._key, self._secret = key, secret
        self.url, self.host = url, host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._connection.close()

    def send(self, pushes: Sequence[Json]) -> Tally:
        """Send the pushes, at most BATCH in a request; return what became of them. Raises SendFailed."""
        total = Tally()
        for first in range(0, len(pushes), BATCH):
            total += self.post(orjson.dumps(pushes[first : first + BATCH]))
        return total

    def post(self, body: bytes) -> Tally:
        """Send one body until it is taken: records have ids, so sending again does no harm."""
        answer = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(2 ** (attempt - 2))
            try:
                status, answer = self._exchange(body)
            except (OSError, HTTPException) as problem:
                self._connection.close()
                answer = f"{type(problem).__name__}: {problem}"
                continue
            if status == 200:
                told = orjson.loads(answer)
                return Tally(told["stored"], told["repeated"], told["quarantined"])
            if status != 503:
                raise SendFailed(f"{self.url} answered {status}: {answer[:300]}")
        raise SendFailed(f"{self.url} took nothing in {TRIES} tries; last: {answer[:300]}")

    def _exchange(self, body: bytes) -> tuple[int, str]:
        headers = self._headers | signed_headers(self._key, self._secret, now=datetime.now(UTC))
        self._connection.request("POST", self._path, body=body, headers=headers)
        response = self._connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")


def signed_headers(key: str, secret: str, *, now: datetime) -> dict[str, str]:
    """Return the headers of a request signed in the current form (AKSK)."""
    nonce, created = secrets.token_hex(16), now.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = digests.aksk(nonce, created, secret)
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-AKSK": f'UsernameToken Username="{key}", PasswordDigest="{digest}", Nonce="{nonce}", Created="{created}"',
    }
