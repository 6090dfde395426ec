"""`topup ACCOUNT AMOUNT --reference R`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Account
from billing import ledger
from common.errors import MasklineError
from common.money import exact


class Command(BaseCommand):
    """Add money to a customer's balance."""

    help = "Add money to a customer's balance. The same reference again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the account's code, the amount in its currency and the reference."""
        parser.add_argument("account", metavar="ACCOUNT")
        parser.add_argument("amount", metavar="AMOUNT")
        parser.add_argument("--reference", required=True, metavar="R")

    def handle(self, *args: Any, **options: Any) -> None:
        """Post the top-up and print the balance."""
        account = Account.objects.filter(code=options["account"]).first()
        if account is None:
            raise CommandError(f"account: {options['account']} is unknown")
        try:
            ledger.topup(
                account=account,
                amount=exact(options["amount"]),
                reference=options["reference"],
                now=timezone.now(),
            )
        except MasklineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{account.code}: balance {ledger.balance(account):f} {account.currency}")
