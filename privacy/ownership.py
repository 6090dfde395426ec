"""Whose a record is (issue of ingest; design.md 2.3): by its app_key, its session, or who held its number then. Pure.

A `Directory` holds what the database said; the functions answer with an `Owner` or with the problem.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from privacy import reasons
from privacy.reasons import Problem


@dataclass(frozen=True, slots=True)
class KnownApplication:
    """An application of ours with what ingest needs of it. `served`: the upstream may deliver for its account."""

    id: int
    account_id: int
    shard: int
    app_key: str
    served: bool
    call_status_url: str | None
    callin_url: str | None
    cdr_url: str | None
    sms_url: str | None
    keep_sms_content: bool


class Held(NamedTuple):
    """One holding of a number: by which application, from when to when (None = still)."""

    number_id: int
    number_kind: str
    application_id: int | None
    valid_from: datetime | None
    valid_to: datetime | None

    def at(self, instant: datetime) -> bool:
        """Return whether it was held at that instant."""
        if self.valid_from is None or instant < self.valid_from:
            return False
        return self.valid_to is None or instant < self.valid_to


class Bound(NamedTuple):
    """The application and the number of a binding."""

    application_id: int
    number_id: int


class Owner(NamedTuple):
    """Whose a record is, and on which number (None only for an event that names none)."""

    application: KnownApplication
    number_id: int | None
    number_kind: str


@dataclass(slots=True)
class Directory:
    """What is known of the app_keys, applications and numbers a batch names, as its upstream sees them."""

    listed: dict[str, KnownApplication] = field(default_factory=dict)
    own: dict[str, KnownApplication] = field(default_factory=dict)
    by_id: dict[int, KnownApplication] = field(default_factory=dict)
    held: dict[str, list[Held]] = field(default_factory=dict)
    bound: dict[str, Bound] = field(default_factory=dict)

    def application(self, app_key: str) -> KnownApplication | None:
        """Return the application an app_key names: the vendor's names for us come first, then our own."""
        return self.listed.get(app_key) or self.own.get(app_key)

    def holding(self, number: str | None, at: datetime, application_id: int | None = None) -> Held | None:
        """Return the holding of a number at an instant, by one application if it is given."""
        for held in self.held.get(number or "", ()):
            if held.at(at) and application_id in (None, held.application_id):
                return held
        return None


def of_record(directory: Directory, app_key: str, number: str, at: datetime, signed: str) -> Owner | Problem:
    """Return whose a CDR or an SMS is: its app_key names the application, which must have held X at `at`."""
    application = directory.application(app_key)
    if signed and not _is_signer(directory, signed, application):
        return Problem(reasons.WRONG_APPLICATION, "appKey")
    if application is None:
        return Problem(reasons.UNKNOWN_APPLICATION, "appKey")
    if not application.served:
        return Problem(reasons.NOT_SERVED, "appKey")
    held = directory.holding(number, at, application.id)
    if held is None:
        return Problem(reasons.NOT_HELD if directory.held.get(number) else reasons.UNKNOWN_NUMBER, "bindNum")
    return Owner(application, held.number_id, held.number_kind)


def of_event(
    directory: Directory,
    caller: str | None,
    called: str | None,
    at: datetime,
    signed: str,
    session_application: int | None,
    session_number: int | None,
    subscription_id: str = "",
) -> Owner | Problem:
    """Return whose an event is: the signer's, its session's, who held `called`, then `caller`, or its binding's.

    Else it waits.
    """
    if signed and signed not in directory.listed:
        return Problem(reasons.WRONG_APPLICATION)
    application = directory.listed[signed] if signed else directory.by_id.get(session_application or 0)
    held = _held(directory, caller, called, at, application.id if application else None)
    if application is None and held is not None:
        application = directory.by_id.get(held.application_id or 0)
    bound = directory.bound.get(subscription_id) if application is None else None
    if bound is not None:
        application, session_number = directory.by_id.get(bound.application_id), bound.number_id
    if application is None:
        return Problem(reasons.UNKNOWN_SESSION, "sessionId")
    if not application.served:
        return Problem(reasons.NOT_SERVED, "called")
    if held is not None:
        return Owner(application, held.number_id, held.number_kind)
    return Owner(application, session_number, "")


def of_status(directory: Directory, number: str, at: datetime, signed: str) -> Owner | Problem:
    """Return who holds a number whose status is reported."""
    held = directory.holding(number, at)
    if held is None:
        return Problem(reasons.NOT_HELD if directory.held.get(number) else reasons.UNKNOWN_NUMBER, "number")
    application = directory.by_id[held.application_id or 0]
    if signed and not _is_signer(directory, signed, application):
        return Problem(reasons.WRONG_APPLICATION, "number")
    if not application.served:
        return Problem(reasons.NOT_SERVED, "number")
    return Owner(application, held.number_id, held.number_kind)


def _is_signer(directory: Directory, signed: str, named: KnownApplication | None) -> bool:
    """Return whether an item names the application it was signed for, or none that is known.

    False when the signing app_key was taken off the upstream's list since.
    """
    signer = directory.listed.get(signed)
    return signer is not None and (named is None or named.id == signer.id)


def _held(
    directory: Directory, caller: str | None, called: str | None, at: datetime, application_id: int | None
) -> Held | None:
    return directory.holding(called, at, application_id) or directory.holding(caller, at, application_id)
