"""Realistic traffic through the same door as a real switch."""

import argparse
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Upstream
from common.errors import MasklineError
from common.periods import parse_instant
from console.simulation import binding, delivery, stage, traffic
from console.simulation.scenarios import comparison, expectations, performing
from console.simulation.scenarios import script as scenarios
from console.simulation.traffic import Plan

DEFAULT_CALLS = 1000


class Command(BaseCommand):
    """Bind as customers do, then send made-up events, CDRs, SMS and number statuses, decided by a seed, over HTTP."""

    help = "Bind through /rest, then send realistic traffic through /upstream/v1/notifications, decided by a seed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what can be chosen."""
        add = parser.add_argument
        add("--calls", type=int, default=DEFAULT_CALLS, help=f"how many calls (default {DEFAULT_CALLS})")
        add("--from", dest="start", metavar="TIME", help="first instant, with an offset (default: a day before)")
        add("--to", dest="end", metavar="TIME", help="end, with an offset (default: now)")
        add("--seed", default="1", help="what decides everything (default 1)")
        add("--url", help="the Maskline to send to (default: this one, started for the purpose if it does not run)")
        add("--scenario", metavar="FILE", help="play this scenario instead (docs/simulation.md)")
        add("--check", action="store_true", help="compare what comes of the scenario with what is expected of it")
        add("--write", action="store_true", help="write what comes of the scenario as what is expected of it")
        add("--upstream", metavar="CODE", help="who delivers (may be left out when there is exactly one)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send the traffic and print what became of it."""
        if options["scenario"]:
            self._play(options)
            return
        try:
            upstream = the_upstream(options["upstream"])
            plan = self._plan(upstream, options)
            with delivery.door(upstream, options["url"]) as sender:
                bound = binding.bind(plan.lines, plan.seed, plan.calls, sender)
                self.stdout.write(str(bound))
                records = traffic.records(replace(plan, book=bound.book))
                tally, kinds = delivery.deliver(sender, records, self._progress)
                ended = binding.unbind(bound, sender)
        except MasklineError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"unbound {ended}")
        parts = ", ".join(f"{count} {kind.value}" for kind, count in kinds.items())
        self.stdout.write(f"sent {tally.received} records: {parts}")
        self.stdout.write(f"stored {tally.stored}, repeated {tally.repeated}, quarantined {tally.quarantined}")

    def _play(self, options: dict[str, Any]) -> None:
        """Play a scenario; print what came of it, or the differences from what is expected."""
        try:
            script = scenarios.read(Path(options["scenario"]))
            expected = expectations.read(script.expectations) if options["check"] else None
            came = performing.perform(script, the_upstream(options["upstream"]), options["url"])
        except MasklineError as problem:
            raise CommandError(str(problem)) from problem
        if options["write"]:
            expectations.write(script.expectations, came)
            self.stdout.write(f"{script.expectations} is written: read it before it counts")
        if expected is None:
            self.stdout.write(expectations.text(came), ending="")
            return
        found = comparison.differences(expected, came)
        if found:
            raise CommandError("\n".join([f"{script.path}: {len(found)} differences from what is expected", *found]))
        self.stdout.write(f"{script.path}: as expected")

    def _plan(self, upstream: Upstream, options: dict[str, Any]) -> Plan:
        end = _instant(options["end"], timezone.now())
        start = _instant(options["start"], end - timedelta(days=1))
        if end - start < traffic.SHORTEST:
            raise CommandError(f"--to must be at least {traffic.SHORTEST.seconds // 60} minutes after --from")
        if options["calls"] < 1:
            raise CommandError("--calls must be 1 or more")
        lines = stage.lines(upstream, start=start, end=end)
        if not lines:
            raise CommandError(
                f"no number is held from {start.isoformat()} to {end.isoformat()} by an application {upstream.code} "
                "serves; provision some (docs/operations.md), or choose another time"
            )
        zone = ZoneInfo(settings.MASKLINE_DISPLAY_ZONE)
        return Plan(seed=options["seed"], calls=options["calls"], start=start, end=end, lines=lines, zone=zone)

    def _progress(self, received: int, at: datetime) -> None:
        self.stderr.write(f"{received} records, at {at:%Y-%m-%d %H:%M}Z")


def the_upstream(code: str | None) -> Upstream:
    """Return the upstream of that code, or the only one there is; CommandError otherwise."""
    found = list(Upstream.objects.filter(code=code) if code else Upstream.objects.all()[:2])
    if len(found) == 1:
        return found[0]
    if code:
        raise CommandError(f"there is no upstream {code}")
    raise CommandError("name an --upstream: there are several" if found else "there is no upstream yet; provision one")


def _instant(text: str | None, default: datetime) -> datetime:
    """Return the instant in UTC, in whole seconds."""
    chosen = parse_instant(text) if text else default
    return chosen.astimezone(UTC).replace(microsecond=0)
