"""The demo: three companies, forty numbers and a week of calls, settled hour by hour as in real life.

Everything is keyed: provisioning by its codes, purchases by their references, records by their ids, so a demo that was
cut short is finished by running it again. The week is remembered by the instant of the first purchase.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.db.models import Max

from accounts.models import Account, Upstream
from billing.models import Package, Purchase, SettledHour
from billing.purchases import buy
from billing.settlement import settle
from common.periods import hour_of
from console.simulation import binding, delivery, oddities, stage, traffic
from console.simulation.records import Json, Kind, Record
from console.simulation.sender import Sender, Tally
from console.simulation.traffic import Plan
from notifications.models import Endpoint
from privacy.models import NumberStatus

CALLS = 20_000
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
SEED = "demo"
MADE_UP = "The demo's servers are made up."
UPSTREAM = "switch1"
EXAMPLES = Path("docs") / "examples"
FILES = ("prices-cny.json", "demo.json")
# Good CDRs of the last days are spoiled for the quarantine.
SAMPLES_FROM = timedelta(days=5)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase of the demo, so long after the start of the week. Acme's first one lasts a day and a half."""

    account: str
    package: str
    reference: str
    after: timedelta


PURCHASES = (
    Bought("acme", "call5000", "demo-1", timedelta(0)),
    Bought("bolt", "call500", "demo-1", timedelta(0)),
    Bought("acme", "call50000", "demo-2", timedelta(days=4, hours=1, minutes=13)),
)


def make(now: datetime, say: Say, calls: int = CALLS) -> tuple[Tally, Counter[Kind]]:
    """Make the demo, or finish it; return what became of the records sent."""
    for name in FILES:
        call_command("provision", str(settings.BASE_DIR / EXAMPLES / name), verbosity=0, stdout=_Nowhere())
    upstream = Upstream.objects.get(code=UPSTREAM)
    start = _start(now)
    end = start + WEEK
    known = _numbers()
    lines = [line for line in stage.lines(upstream, start=start, end=end) if line.number in known]
    with delivery.own_door(upstream) as sender:
        bound = binding.bind(lines, SEED, calls, sender)
        say(str(bound))
        plan = Plan(SEED, calls, start, end, lines, ZoneInfo(settings.MASKLINE_DISPLAY_ZONE), bound.book)
        told = _live_through(plan, sender, say, now)
        binding.unbind(bound, sender)
        _pause_made_up_servers(now)
        return told


def _pause_made_up_servers(now: datetime) -> None:
    """Pause the endpoints of names that no server can have: nothing is sent there, and the log stays quiet."""
    made_up = Endpoint.objects.filter(url__contains=".example/").exclude(state=Endpoint.State.PAUSED)
    made_up.update(state=Endpoint.State.PAUSED, state_since=now, state_reason=MADE_UP, state_by=SEED)


def _numbers() -> set[str]:
    """Return the demo's own numbers: nobody else's get made-up calls."""
    example = json.loads((settings.BASE_DIR / EXAMPLES / "demo.json").read_text(encoding="utf-8"))
    return {number["number"] for number in example["numbers"]}


def _start(now: datetime) -> datetime:
    """Return the start of the demo's week: a week ago, or where an earlier run began."""
    first = PURCHASES[0]
    made = Purchase.objects.filter(account__code=first.account, reference=first.reference).first()
    return made.purchased_at.astimezone(UTC) if made else now.astimezone(UTC).replace(microsecond=0) - WEEK


def _live_through(plan: Plan, sender: Sender, say: Say, now: datetime) -> tuple[Tally, Counter[Kind]]:
    """Send and settle hour by hour, so that only what came late is late."""
    total, kinds, samples = Tally(), Counter[Kind](), list[Json]()
    told, settled_to = _statuses_told(), _settled_to()
    for moment, arrived in _by_settlement(traffic.records(plan)):
        _buy_due(plan.start, moment)
        fresh = [record for record in arrived if not _told_before(record, told)]
        total += sender.send([record.push for record in fresh])
        kinds.update(record.kind for record in fresh)
        if len(samples) < oddities.SAMPLES and moment - plan.start > SAMPLES_FROM:
            samples += [record.push["feeLst"][0] for record in fresh if _is_answered(record)]
        if hour_of(moment) > settled_to:
            settle(until=min(moment, now), now=min(moment, now))
        if moment.hour == 0:
            say(f"{total.received} records, at {moment:%Y-%m-%d %H:%M}Z")
    total += sender.send(oddities.spoiled(samples))
    settle(until=now, now=now)
    return total, kinds


def _by_settlement(records: Iterable[Record]) -> Iterator[tuple[datetime, list[Record]]]:
    """Yield the records that have come by the time an hour is settled, with that time."""
    delay = timedelta(minutes=settings.MASKLINE["settlement_delay_minutes"])
    for hour, arrived in groupby(records, key=lambda record: hour_of(record.arrives_at - delay)):
        yield hour + HOUR + delay, list(arrived)


def _buy_due(start: datetime, moment: datetime) -> None:
    """Buy what has been bought by then; the same reference again changes nothing."""
    for bought in PURCHASES:
        at = start + bought.after
        if at <= moment:
            buy(
                account=Account.objects.get(code=bought.account),
                package=Package.objects.get(code=bought.package),
                reference=bought.reference,
                purchased_at=at,
                now=at,
            )


def _statuses_told() -> Counter[str]:
    """Return how many changes of each number an earlier run has reported: they are the only records without an id."""
    told = NumberStatus.objects.filter(source__isnull=False).values_list("number__number", flat=True)
    return Counter(told)


def _settled_to() -> datetime:
    """Return the last hour that an earlier run or the schedule has settled: nothing more is booked up to it."""
    return SettledHour.objects.aggregate(last=Max("hour"))["last"] or datetime.min.replace(tzinfo=UTC)


def _told_before(record: Record, told: Counter[str]) -> bool:
    if record.kind is not Kind.NUMBER_STATUS:
        return False
    number = record.push["numInfo"][0]["number"]
    told[number] -= 1
    return told[number] >= 0


def _is_answered(record: Record) -> bool:
    return record.kind is Kind.CDR and bool(record.push["feeLst"][0].get("fwdAnswerTime"))


class _Nowhere:
    """Takes the output of a command that is not of interest here."""

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)
