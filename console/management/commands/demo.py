"""A week of a small company's calls, to look at."""

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account
from billing.ledger import balance
from billing.models import Charge
from common.errors import MasklineError
from console.simulation import demo
from privacy.models import Call, Number


class Command(BaseCommand):
    """Provision docs/examples/demo.json and prices-cny.json, simulate a week of calls and settle them. Repeatable."""

    help = "Make the demo: accounts acme, bolt and corp with a week of simulated, settled calls. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say what there is."""
        began = time.monotonic()
        try:
            tally, kinds = demo.make(timezone.now(), self.stderr.write)
            call_command("create_staff", demo=True, verbosity=0)
        except MasklineError as problem:
            raise CommandError(str(problem)) from problem
        parts = ", ".join(f"{count} {kind.value}" for kind, count in kinds.items())
        self.stdout.write(f"sent {tally.received} records: {parts}")
        self.stdout.write(f"stored {tally.stored}, repeated {tally.repeated}, quarantined {tally.quarantined}")
        numbers, calls, charges = Number.objects.count(), Call.objects.count(), Charge.objects.count()
        self.stdout.write(f"there are {numbers} numbers, {calls} calls, {charges} charges")
        for account in Account.objects.order_by("code"):
            self.stdout.write(f"account {account.code}: balance {balance(account)} {account.currency}, {account.state}")
        self.stdout.write(f"made in {time.monotonic() - began:.0f} s")
