"""The owner and the identity of each item of a batch, as far as they can be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from accounts.models import Upstream
from privacy import identity, ownership
from privacy.identity import Keyed
from privacy.models.arrivals import Kind
from privacy.ownership import Owner
from privacy.reasons import Problem
from privacy.storing.candidates import Candidate, Doubt
from privacy.storing.directory import Loader
from privacy.storing.sessions import SessionBook
from privacy.storing.statuses import Report
from privacy.wire.facts import CallFacts, EventFacts, Item, MessageFacts, StatusFacts

RECORDED = (Kind.CDR, Kind.EVENT, Kind.SMS)


@dataclass(slots=True)
class Examined:
    """What may be stored, and what may not unless it repeats something stored, by kind of record."""

    candidates: dict[Kind, list[Candidate]] = field(default_factory=lambda: {kind: [] for kind in RECORDED})
    doubts: dict[Kind, list[Doubt]] = field(default_factory=lambda: {kind: [] for kind in RECORDED})
    reports: list[Report] = field(default_factory=list)
    refused: list[tuple[Item, Problem]] = field(default_factory=list)


def examine(
    items: Sequence[Item], *, upstream: Upstream, loader: Loader, signed: str, keyed: Keyed, now: datetime
) -> Examined:
    """Return the items with their owners. Asks the database once for all app_keys, numbers and sessions they name."""
    examined = Examined()
    _learn(items, loader, signed)
    events: list[Item] = []
    for item in items:
        match item.kind:
            case Kind.CDR:
                _examine_call(item, examined, upstream, loader, signed, keyed)
            case Kind.SMS:
                _examine_message(item, examined, upstream, loader, signed, keyed)
            case Kind.EVENT:
                events.append(item)
            case Kind.NUMBER_STATUS:
                _examine_status(item, examined, loader, signed, now)
    if events:
        _examine_events(events, examined, upstream, loader, signed, keyed)
    return examined


def _learn(items: Iterable[Item], loader: Loader, signed: str) -> None:
    app_keys: set[str] = {signed} if signed else set()
    numbers: set[str] = set()
    for item in items:
        facts = item.facts
        if isinstance(facts, EventFacts):
            numbers.update(number for number in (facts.called_number, facts.caller_number) if number)
        elif facts is not None:
            numbers.add(facts.number)
            if not isinstance(facts, StatusFacts):
                app_keys.add(facts.app_key)
    loader.learn(app_keys, numbers)


def _examine_call(
    item: Item, examined: Examined, upstream: Upstream, loader: Loader, signed: str, keyed: Keyed
) -> None:
    facts = cast(CallFacts, item.facts)
    at = cast(datetime, facts.first_at)
    owner = ownership.of_record(loader.directory, facts.app_key, facts.number, at, signed)
    record_id = identity.call_record_id(facts)
    key = identity.record_key(record_id)
    named = loader.directory.application(facts.app_key)
    fingerprint = identity.call_fingerprint(facts, named.id if named else facts.app_key, keyed)
    if isinstance(owner, Problem):
        examined.doubts[Kind.CDR].append(Doubt(item, owner, key, fingerprint, named.account_id if named else None))
    else:
        id = identity.usage_id(at, upstream.code, Kind.CDR, record_id)
        examined.candidates[Kind.CDR].append(Candidate(item, facts, owner, id, key, fingerprint, at))


def _examine_message(
    item: Item, examined: Examined, upstream: Upstream, loader: Loader, signed: str, keyed: Keyed
) -> None:
    facts = cast(MessageFacts, item.facts)
    at = cast(datetime, facts.occurred_at)
    owner = ownership.of_record(loader.directory, facts.app_key, facts.number, at, signed)
    record_id = identity.message_record_id(facts)
    key = identity.record_key(record_id)
    named = loader.directory.application(facts.app_key)
    fingerprint = identity.message_fingerprint(facts, named.id if named else facts.app_key, keyed)
    if isinstance(owner, Problem):
        examined.doubts[Kind.SMS].append(Doubt(item, owner, key, fingerprint, named.account_id if named else None))
    else:
        id = identity.usage_id(at, upstream.code, Kind.SMS, record_id)
        examined.candidates[Kind.SMS].append(Candidate(item, facts, owner, id, key, fingerprint, at))


def _examine_status(item: Item, examined: Examined, loader: Loader, signed: str, now: datetime) -> None:
    facts = cast(StatusFacts, item.facts)
    owner = ownership.of_status(loader.directory, facts.number, now, signed)
    if isinstance(owner, Problem):
        examined.refused.append((item, owner))
    else:
        examined.reports.append(Report(item, facts, owner))


def _examine_events(
    events: list[Item], examined: Examined, upstream: Upstream, loader: Loader, signed: str, keyed: Keyed
) -> None:
    """Find whose each event is; a second look uses what later records of the batch told of its session."""
    book = SessionBook(upstream.pk, {_facts(item).session_id for item in events})
    loader.learn_applications((), book.application_ids())
    for call in examined.candidates[Kind.CDR]:
        book.learn(call.facts.session_id, call.owner.application.id, call.owner.number_id, call.at)
    waiting = sorted(events, key=_time)
    for last_look in (False, True):
        later: list[Item] = []
        for item in waiting:
            facts, at = _facts(item), _time(item)
            owner = _event_owner(facts, at, loader, book, signed)
            record_id = identity.event_record_id(facts, keyed)
            # The record id of an event holds all its fields, so that its key is its fingerprint too.
            key = identity.record_key(record_id)
            if isinstance(owner, Owner):
                book.learn(facts.session_id, owner.application.id, owner.number_id, at)
                id = identity.usage_id(at, upstream.code, Kind.EVENT, record_id)
                examined.candidates[Kind.EVENT].append(Candidate(item, facts, owner, id, key, key, at))
            elif last_look:
                examined.doubts[Kind.EVENT].append(Doubt(item, owner, key, key))
            else:
                later.append(item)
        waiting = later
        loader.learn_bindings({_facts(item).subscription_id for item in waiting})


def _event_owner(facts: EventFacts, at: datetime, loader: Loader, book: SessionBook, signed: str) -> Owner | Problem:
    known = book.find(facts.session_id, at)
    return ownership.of_event(
        loader.directory,
        facts.caller_number,
        facts.called_number,
        at,
        signed,
        known.application_id if known else None,
        known.number_id if known else None,
        facts.subscription_id,
    )


def _facts(item: Item) -> EventFacts:
    return cast(EventFacts, item.facts)


def _time(item: Item) -> datetime:
    return cast(datetime, _facts(item).occurred_at)
