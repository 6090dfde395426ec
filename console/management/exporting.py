"""What the export commands share: their arguments, and one run from order to audit entry."""

import os
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Account
from accounts.roles import User
from accounts.scope import Scope, for_user
from common.errors import BadInput, MasklineError
from console.exports import delivery
from console.exports.orders import Order, extract_of, record


def add_common_arguments(parser: CommandParser) -> None:
    """Add what both commands take."""
    parser.add_argument("--from", dest="start", required=True, metavar="T", help="start, with an offset")
    parser.add_argument("--to", dest="end", required=True, metavar="T", help="end (not included), with an offset")
    parser.add_argument("--format", default="csv", choices=["csv", "xlsx", "parquet"])
    parser.add_argument("--spreadsheet", action="store_true", help="CSV for spreadsheets: BOM, safe against formulas")
    parser.add_argument("--output", metavar="FILE", help="file or folder; default: CSV to standard output")
    parser.add_argument("--account", default="", metavar="CODE", help="only this account")
    parser.add_argument("--timezone", default="", metavar="Z", help="zone of local times (default: the account's)")


def zone_for(timezone_name: str, account_code: str) -> str:
    """Return the zone asked for, else the account's, else the display zone of this instance."""
    if timezone_name:
        return timezone_name
    account = Account.objects.filter(code=account_code).first() if account_code else None
    return account.time_zone if account else str(settings.MASKLINE_DISPLAY_ZONE)


def person(name: str) -> User:
    """Return the active user of a name. Raises BadInput."""
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise BadInput("user", "unknown", "give the name of an active user")
    return user


def run(command: BaseCommand, order: Order, *, output: str | None, user: User | None = None) -> None:
    """Carry out an order: rows to the file or standard output, facts to the sidecar or standard error, and the audit.

    Raises CommandError where it cannot be done.
    """
    scope = for_user(user) if user else Scope(None)
    now = timezone.now()
    try:
        if user and not order.allowed(user):
            raise BadInput("user", "may not export this", "ask someone with the permission")
        extract = extract_of(order, scope=scope, made_by=user.get_username() if user else "command", now=now)
        if output:
            facts = delivery.to_file(extract, order.file_format(), output, now)
            command.stderr.write(_summary(facts, output))
        else:
            facts = delivery.to_output(extract, order.file_format(), sys.stdout.buffer)
            command.stderr.write(delivery.as_text(facts))
    except BrokenPipeError:
        # Whoever read us has gone; nothing more can be said on that pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CommandError("standard output was closed before all was written") from None
    except MasklineError as problem:
        raise CommandError(str(problem)) from problem
    record(order, user=user, scope=scope, facts=facts)


def _summary(facts: dict[str, Any], output: str) -> str:
    notes = [] if facts["complete"] == "yes" else ["not complete, see the sidecar"]
    if facts["provisional"]:
        notes.append("holds unsettled hours")
    return f"{facts['rows']} rows in {facts['file']}" + (f" ({', '.join(notes)})" if notes else "")
