"""What the quarantine pages show: groups with what is at stake, and one item laid beside the stored record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.db.models import Count, F, Min, QuerySet, Sum

from accounts.scope import Scope
from billing import rating
from billing.models import Tariff
from billing.rating import Price
from common import phone
from privacy import quarantine, reasons
from privacy.models import Call, CallEvent, Message, Number, Quarantined
from privacy.models.arrivals import Kind
from privacy.wire import corrections

DEFAULT_CURRENCY = "CNY"
USUAL_KIND = "virtual"
ITEMS = {Kind.CDR: "call", Kind.SMS: "sms"}
STORED_AS = {Kind.CDR: Call, Kind.EVENT: CallEvent, Kind.SMS: Message}
HIDDEN = None


@dataclass(frozen=True)
class Group:
    """Items that wait for the same reason. `amounts`: about what they are worth by today's prices, per currency."""

    reason: str
    kind: Kind
    field: str
    retryable: bool
    count: int
    oldest: datetime
    units: int
    amounts: Mapping[str, Decimal] = made_by(default_factory=dict)

    @property
    def label(self) -> Any:
        """Return the reason in words."""
        return label(self.reason)


@dataclass(frozen=True)
class Line:
    """One field of an item: as sent and as stored; None is hidden, "" is absent."""

    name: str
    sent: str | None
    stored: str | None
    differs: bool
    wrong: bool


def label(reason: str) -> Any:
    """Return a reason in words."""
    return reasons.LABELS.get(reason, reason)


def groups(scope: Scope, now: datetime) -> list[Group]:
    """Return what waits, grouped by reason, kind and field, the largest stake first."""
    rows = scope.rows(Quarantined).filter(state=Quarantined.State.OPEN)
    keys = ("reason", "kind", "field", "retryable")
    counted = rows.values(*keys).annotate(count=Count("pk"), oldest=Min("received_at"), units=Sum("units_at_stake"))
    prices = _prices(scope)
    amounts = _amounts(rows.filter(units_at_stake__gt=0), prices, now)
    found = [
        Group(**{**row, "kind": Kind(row["kind"])}, amounts=amounts.get(tuple(row[key] for key in keys[:3]), {}))
        for row in counted
    ]
    return sorted(found, key=lambda group: (-group.units, -group.count, group.reason))


def members(scope: Scope, reason: str, kind: int, field_name: str, state: str) -> QuerySet[Quarantined]:
    """Return the items of a group, oldest first."""
    chosen = {"reason": reason, "kind": kind, "field": field_name, "state": state}
    rows = scope.rows(Quarantined).filter(**chosen).select_related("upstream", "account", "source")
    return rows.order_by("received_at", "pk")


def lines(scope: Scope, row: Quarantined, *, revealed: bool) -> list[Line]:
    """Return an item's fields beside those of the record it contradicts; real numbers masked unless revealed."""
    kind = Kind(row.kind)
    sent = corrections.flat(kind, quarantine.sent(row))
    stored = _stored(scope, row)
    clear = _our_numbers(scope, [*sent.values(), *stored.values()])
    found = []
    for name in dict.fromkeys([*corrections.correctable(kind), *sent]):
        mine, theirs = sent.get(name), stored.get(name)
        if mine in (None, "") and theirs in (None, "") and name != row.field:
            continue
        differs = bool(stored) and not corrections.same(kind, name, mine, theirs)
        show = [_shown(kind, name, value, clear, revealed=revealed) for value in (mine, theirs)]
        found.append(Line(name, show[0], show[1], differs, name == row.field))
    return found


def conflicting(scope: Scope, row: Quarantined) -> Any:
    """Return the stored record that an item contradicts, if it is in scope."""
    model = STORED_AS.get(Kind(row.kind))
    if row.conflicts_with is None or model is None:
        return None
    return scope.rows(model).select_related("application", "number", "upstream").filter(pk=row.conflicts_with).first()


def _stored(scope: Scope, row: Quarantined) -> dict[str, Any]:
    record = conflicting(scope, row)
    return corrections.stored(Kind(row.kind), record) if record is not None else {}


def _shown(kind: Kind, name: str, value: Any, clear: set[str], *, revealed: bool) -> str | None:
    if value in (None, ""):
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if revealed or text in clear:
        return text
    if name in corrections.NUMBERS:
        return phone.mask(text)
    return HIDDEN if name in corrections.PRIVATE or name not in corrections.correctable(kind) else text


def _our_numbers(scope: Scope, values: Iterable[Any]) -> set[str]:
    """Return which of the values are virtual numbers: those are no secret."""
    texts = [value for value in values if isinstance(value, str) and len(value) <= phone.MAX_LENGTH]
    return set(scope.rows(Number).filter(number__in=texts).values_list("number", flat=True))


def _prices(scope: Scope) -> list[Price]:
    columns = ("pk", "item", "number_kind", "currency", "account_id", "price", "valid_from", "valid_to")
    return [Price(*row) for row in scope.rows(Tariff).values_list(*columns)]


def _amounts(
    rows: QuerySet[Quarantined], prices: list[Price], now: datetime
) -> dict[tuple[Any, ...], dict[str, Decimal]]:
    """Return about what units are worth per group and currency: packages are not looked at."""
    found: dict[tuple[Any, ...], dict[str, Decimal]] = {}
    per_account = rows.values("reason", "kind", "field", "account_id", currency=F("account__currency"))
    for row in per_account.annotate(units=Sum("units_at_stake")):
        currency = row["currency"] or DEFAULT_CURRENCY
        price = rating.choose(
            prices,
            item=ITEMS.get(Kind(row["kind"]), ""),
            number_kind=USUAL_KIND,
            currency=currency,
            account_id=row["account_id"] or 0,
            at=now,
        )
        if price is not None:
            amounts = found.setdefault((row["reason"], row["kind"], row["field"]), {})
            amounts[currency] = amounts.get(currency, Decimal(0)) + rating.amount(row["units"], price.price)
    return found
