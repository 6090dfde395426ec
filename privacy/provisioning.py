"""The numbers of a provision file: who holds them since when, and how they move (docs/operations.md)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts import audit
from accounts.audit import COMMAND
from accounts.models import Application, Upstream
from accounts.provision_file import Entry
from accounts.provisioning import Tally, errors_of, missing, named, write
from privacy.bindings.orders import Actor
from privacy.models import Binding, Call, CallEvent, Holding, Message, Number, NumberChange, Session
from privacy.numbers import telling
from privacy.numbers.changes import step
from privacy.numbers.locks import end_all, hold
from privacy.numbers.rows import lock
from privacy.numbers.telling import Told
from privacy.numbers.transferring import steps_of_move

NUMBER_FIELDS = ("area_code", "kind", "sms")
BATCH = 1000
ACTOR = Actor(name=COMMAND, reason="provision")

Holdings = dict[int, list[Holding]]


def application_is_used(application: Application) -> bool:
    """Return whether anything happened under an application, so that its mode cannot change any more."""
    in_account = {"account": application.account_id, "application": application}
    if any(model._default_manager.filter(**in_account).exists() for model in (Call, CallEvent, Message)):
        return True
    return Session.objects.filter(application=application).exists()


def account_is_used(account_id: int) -> bool:
    """Return whether anything happened on the numbers of an account."""
    return any(model._default_manager.filter(account=account_id).exists() for model in (Call, CallEvent, Message))


def apply_numbers(entries: Sequence[Entry], tally: Tally, now: datetime) -> None:
    """Create, update or transfer numbers. A number that was returned and is named again is a new one.

    Numbers move without the agreement that the console asks for: who runs this has the machine (docs/operations.md).
    """
    rows = lock([entry["number"] for entry in entries])
    known = {text: row for text, row in rows.items() if row.state != Number.State.RETURNED}
    holdings = _holdings(known.values())
    keys = {entry["application"] for entry in entries if entry["application"]}
    applications = Application.objects.select_related("account").in_bulk(keys, field_name="app_key")
    upstreams = Upstream.objects.in_bulk([e["upstream"] for e in entries if e["upstream"]], field_name="code")
    # Before the first one changes, and in one order: binds take the same locks.
    hold([known[e["number"]] for e in entries if e["number"] in known and _changes(e, known, holdings, upstreams)])
    new: list[tuple[Number, Holding]] = []
    told: list[Told] = []
    for entry in entries:
        application = named(entry, "application", applications)
        upstream = named(entry, "upstream", upstreams)
        if entry["number"] not in known:
            _not_blacklisted(entry, rows.get(entry["number"]))
            new.append(_issue(entry, application or missing(entry, "application"), upstream, now))
            tally.counts["numbers"]["created"] += 1
            continue
        row = known[entry["number"]]
        with errors_of(entry):
            outcome = _update(row, entry, upstream, holdings[row.pk])
            moved = _hold(row, entry, application, holdings[row.pk], now, told)
        tally.counts["numbers"]["updated" if moved else outcome] += 1
    Number.objects.bulk_create([number for number, _ in new], batch_size=BATCH)
    Holding.objects.bulk_create([holding for _, holding in new], batch_size=BATCH)
    NumberChange.objects.bulk_create([_issued(*one, now) for one in new], batch_size=BATCH)
    telling.queue(told)


def _not_blacklisted(entry: Entry, returned: Number | None) -> None:
    """Refuse a number that was blacklisted and returned: it is not issued again."""
    if returned is not None and returned.blacklisted_at is not None:
        raise entry.error("number", "is blacklisted", "take another number, or take it off the blacklist first")


def _changes(entry: Entry, known: Mapping[str, Number], holdings: Holdings, upstreams: Mapping[str, Upstream]) -> bool:
    """Return whether an entry changes what can be bound on a known number, or who holds it."""
    row = known[entry["number"]]
    last = holdings[row.pk][-1] if holdings[row.pk] else None
    held_by = last.application.app_key if last is not None and last.valid_to is None else ""
    if entry["application"] and entry["application"] != held_by:
        return True
    values = _values(row, entry, upstreams.get(entry["upstream"] or ""), holdings[row.pk])
    return any(getattr(row, name) != value for name, value in values.items())


def _issued(number: Number, holding: Holding, now: datetime) -> NumberChange:
    """Return the first step of a new number's life."""
    to = holding.application
    return step(number, NumberChange.Kind.ISSUED, actor=ACTOR, now=now, after=to.app_key, account=to.account)


def _holdings(numbers: Iterable[Number]) -> Holdings:
    """Return the holdings of each number, oldest first."""
    found: Holdings = defaultdict(list)
    rows = Holding.objects.filter(number__in=list(numbers))
    for holding in rows.select_related("application__account").order_by("valid_from"):
        found[holding.number_id].append(holding)
    return found


def _issue(entry: Entry, application: Application, upstream: Upstream | None, now: datetime) -> tuple[Number, Holding]:
    """Return a new number and its first holding, from issued_at."""
    issued_at = entry["issued_at"] or now
    number = Number(
        number=entry["number"],
        issued_at=issued_at,
        upstream=upstream,
        rental_from=entry["rental_from"] or _first_rental_month(issued_at, now, application),
        **entry.values(*NUMBER_FIELDS, new=True),
    )
    return number, Holding(number=number, application=application, valid_from=issued_at)


def _first_rental_month(issued_at: datetime, provisioned_at: datetime, application: Application) -> date:
    """Return the first month rental is owed: of the issue, or of provisioning if that is later (billing.md 6)."""
    local = max(issued_at, provisioned_at).astimezone(ZoneInfo(application.account.time_zone))
    return local.date().replace(day=1)


def _update(row: Number, entry: Entry, upstream: Upstream | None, holdings: Sequence[Holding]) -> str:
    return write(row, _values(row, entry, upstream, holdings))


def _values(row: Number, entry: Entry, upstream: Upstream | None, holdings: Sequence[Holding]) -> dict[str, Any]:
    """Return what an entry says of a known number."""
    values = entry.values(*NUMBER_FIELDS, new=False)
    if entry.has("upstream"):
        values["upstream"] = upstream
    if entry.has("rental_from"):
        first = holdings[0].application if holdings else None
        default = _first_rental_month(row.issued_at, row.created_at, first) if first else row.rental_from
        values["rental_from"] = entry["rental_from"] or default
    return values


def _hold(
    row: Number, entry: Entry, wanted: Application | None, held: Sequence[Holding], now: datetime, told: list[Told]
) -> bool:
    """Move a number to the application wanted, or its holding to an earlier start; return whether anything changed.

    What the two applications of a move are told of it is added to `told`.
    """
    last = held[-1] if held else None
    issued_at = entry["issued_at"]
    if wanted is not None and last is not None and last.valid_to is None and last.application_id == wanted.pk:
        return _move_start(row, entry, last, held[:-1])
    if wanted is None:
        return last is not None and last.valid_to is None and _move_start(row, entry, last, held[:-1])
    if last is not None and last.valid_to is None:
        if not entry["transfer"]:
            raise entry.error("application", "does not hold the number", 'moving it needs "transfer": true')
        # The number's own issued_at stays in the file when only its application is changed there.
        since = issued_at if issued_at is not None and issued_at > last.valid_from else now
        # What is bound ends when it moves, not when it is said to have moved.
        ended = end_all([row], cause=Binding.End.TRANSFERRED, actor=ACTOR, now=now)
        steps = NumberChange.objects.bulk_create(steps_of_move(row, last.application, wanted, ACTOR, now))
        told.extend(telling.of_move(row, last.application, wanted, steps, now))
        _audit_move(row, last.application, wanted, ended)
        last.valid_to = since
        last.save(update_fields=["valid_to"])
    else:
        since = issued_at or now
    Holding.objects.create(number=row, application=wanted, valid_from=since)
    return True


def _audit_move(row: Number, source: Application, target: Application, ended: int) -> None:
    """Say in the audit trail that a number moved; to another account nobody was asked."""
    told = {"from": source.app_key, "to": target.app_key, "bindings_ended": ended}
    if source.account_id != target.account_id:
        told["without_agreement"] = True
    account = target.account if source.account_id == target.account_id else None
    audit.record(
        user=None, action="numbers.transfer", subject_kind="number", subject=row.number, account=account,
        reason=ACTOR.reason, detail=told,
    )  # fmt: skip


def _move_start(row: Number, entry: Entry, holding: Holding, earlier: Sequence[Holding]) -> bool:
    """Let a holding start at an earlier issued_at; return whether it was another."""
    issued_at = entry["issued_at"]
    if issued_at is None or issued_at in (holding.valid_from, row.issued_at):
        return False
    if issued_at > holding.valid_from:
        raise entry.error("issued_at", "is later than the holding's start", "it can only be moved earlier")
    if any(other.valid_to is None or other.valid_to > issued_at for other in earlier):
        raise entry.error("issued_at", "cannot be moved: another application held the number then")
    holding.valid_from = issued_at
    holding.save(update_fields=["valid_from"])
    if issued_at < row.issued_at:
        row.issued_at = issued_at
        row.save(update_fields=["issued_at"])
    return True
