"""What is known of a signed request before it is checked, in one statement; of a customer also which application it is.

Reading and unsealing an application costs more than all checks together. So each process keeps those it has read, by
the version of their rows: a row that changes gets a new place and transaction from PostgreSQL, and is read again.
"""

import copy
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from accounts import nonces
from accounts.headers import Credentials
from accounts.models import Application
from common.prepared import first
from common.sql import query

MOST_KEPT = 1024


@dataclass(frozen=True)
class Known:
    """Whether the pair is locked out, when the header was used first if it is remembered, and whose the key is."""

    locked: bool = False
    used: datetime | None = None
    application: Application | None = None


class _Kept:
    """The applications of this process, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_id: OrderedDict[int, tuple[str, Application]] = OrderedDict()

    def get(self, pk: int, version: str) -> Application | None:
        """Return an application of its own to the caller, as it is in that version of its rows."""
        with self._lock:
            kept_version, kept = self._by_id.get(pk, ("", None))
            if kept is None or kept_version != version:
                return None
            self._by_id.move_to_end(pk)
        given = copy.copy(kept)
        given.account = copy.copy(kept.account)
        return given

    def put(self, pk: int, version: str, application: Application) -> None:
        """Keep an application, read after its version was: it can be newer than told, never older."""
        with self._lock:
            self._by_id[pk] = (version, application)
            self._by_id.move_to_end(pk)
            while len(self._by_id) > MOST_KEPT:
                self._by_id.popitem(last=False)


_kept = _Kept()


def of_request(credentials: Credentials, address: str, now: datetime) -> Known:
    """Return what is known of a request of anybody's but its application."""
    locked, used = _ask("known_of_request", credentials, address, now)
    return Known(locked, used)


def of_customer(credentials: Credentials, address: str, now: datetime) -> Known:
    """Return what is known of a customer's request."""
    locked, used, pk, version = _ask("known_of_customer", credentials, address, now)
    return Known(locked, used, _application(pk, version) if pk is not None and not locked else None)


def _ask(name: str, credentials: Credentials, address: str, now: datetime) -> Any:
    digest = nonces.digest_of(credentials)
    values: dict[str, Any] = {"address": address, "key": credentials.key, "digest": digest, "now": now}
    (row,) = first(query("accounts", name), values)
    return row


def _application(pk: int, version: str) -> Application | None:
    found = _kept.get(pk, version)
    if found is None:
        found = Application.objects.select_related("account").filter(pk=pk).first()
        if found is not None:
            kept = copy.copy(found)
            kept.account = copy.copy(found.account)
            _kept.put(pk, version, kept)
    return found
