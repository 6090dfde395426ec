"""What is known of a signed request before it is checked, in one statement, and whose the key is.

Reading and unsealing an application or an upstream costs more than all checks together. So each process keeps those it
has read, by the version of their rows: a row that changes gets a new place and transaction from PostgreSQL, and is read
again.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState

from accounts import nonces
from accounts.headers import Credentials
from accounts.models import Application, Upstream
from common.prepared import first
from common.sql import query

MOST_KEPT = 1024
_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True)
class Known:
    """Whether the pair is locked out, when the header was used first if it is remembered, and whose the key is.

    `upstream` is one whose own key it is, not one that lists it as a vendor's app_key.
    """

    locked: bool = False
    used: datetime | None = None
    application: Application | None = None
    upstream: Upstream | None = None


class _Kept(Generic[_Row]):
    """The rows of this process, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_id: OrderedDict[int, tuple[str, _Row]] = OrderedDict()

    def get(self, pk: int, version: str) -> _Row | None:
        """Return a row as it is in that version, if it is kept; whoever gets it makes a twin."""
        with self._lock:
            kept = self._by_id.get(pk)
            if kept is None or kept[0] != version:
                return None
            self._by_id.move_to_end(pk)
        return kept[1]

    def put(self, pk: int, version: str, row: _Row) -> None:
        """Keep a row, read after its version was: it can be newer than told, never older."""
        with self._lock:
            self._by_id[pk] = (version, row)
            self._by_id.move_to_end(pk)
            while len(self._by_id) > MOST_KEPT:
                self._by_id.popitem(last=False)


_applications: _Kept[Application] = _Kept()
_upstreams: _Kept[Upstream] = _Kept()


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


def of_upstream(credentials: Credentials, address: str, now: datetime) -> Known:
    """Return what is known of a request of a switch or an upstream platform."""
    locked, used, pk, version = _ask("known_of_upstream", credentials, address, now)
    return Known(locked, used, upstream=_upstream(pk, version) if pk is not None and not locked else None)


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
    kept = _applications.get(pk, version)
    if kept is not None:
        return _twin(kept)
    found = Application.objects.select_related("account").filter(pk=pk).first()
    if found is not None:
        _applications.put(pk, version, _twin(found))
    return found


def _upstream(pk: int, version: str) -> Upstream | None:
    kept = _upstreams.get(pk, version)
    if kept is not None:
        return _copy(kept)
    found = Upstream.objects.filter(pk=pk).first()
    if found is not None:
        _upstreams.put(pk, version, _copy(found))
    return found
