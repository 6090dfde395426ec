"""What is known of a signed request before it is checked, in one statement; of a customer also which application it is.

Reading and unsealing an application costs more than all checks together. So each process keeps those it has read, by
the version of their rows: a row that changes gets a new place and transaction from PostgreSQL, and is read again.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState

from accounts import nonces
from accounts.headers import Credentials
from accounts.models import Application
from common.prepared import first
from common.sql import query

MOST_KEPT = 1024
_Row = TypeVar("_Row", bound=Model)


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
        return _twin(kept)

    def put(self, pk: int, version: str, application: Application) -> None:
        """Keep an application, read after its version was: it can be newer than told, never older."""
        with self._lock:
            self._by_id[pk] = (version, application)
            self._by_id.move_to_end(pk)
            while len(self._by_id) > MOST_KEPT:
                self._by_id.popitem(last=False)


_kept = _Kept()


def _twin(application: Application) -> Application:
    """Return an application with an account of its own, so that nobody changes another's."""
    twin, account = _copy(application), _copy(application.account)
    twin._state.fields_cache = {"account": account}
    return twin


def _copy(row: _Row) -> _Row:
    """Return a copy of a row as it was read; `copy.copy` asks Django's pickling, at twenty times the cost."""
    twin = row.__class__.__new__(row.__class__)
    twin.__dict__.update(row.__dict__)
    twin._state = ModelState()
    twin._state.db, twin._state.adding = row._state.db, False
    return twin


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
            _kept.put(pk, version, _twin(found))
    return found
