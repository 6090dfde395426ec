"""`replay_pushes`."""

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import audit
from accounts.models import Account, Application
from common.errors import BadInput, MasklineError
from common.periods import parse_instant
from notifications import destinations, listing, replay, replaying
from notifications.models import Attempt, Push, Replay
from notifications.replay import Choice

LOOK_AGAIN_SECONDS = 0.5
AT_A_TIME = 20.0


class Command(BaseCommand):
    """Send pushes again: one, or all that fit a filter; waits until all of them are queued."""

    help = "Send pushes again that arrived, were given up or parked: one, or all of a filter or time range."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is chosen."""
        parser.add_argument("--push", metavar="ID", default="", help="one push, by the id of its header webhook-id")
        parser.add_argument("--account", metavar="CODE", default="", help="all pushes of an account")
        parser.add_argument("--application", metavar="APP_KEY", default="", help="all pushes of an application")
        parser.add_argument("--url", default="", help="pushes of the application to this URL")
        parser.add_argument("--kind", choices=Push.Kind.values, default="")
        parser.add_argument("--state", choices=replay.REPLAYED_STATES, default="")
        parser.add_argument(
            "--from", dest="start", metavar="T", default="", help="queued at T or later, with an offset"
        )
        parser.add_argument("--to", dest="end", metavar="T", default="", help="queued before T, with an offset")
        parser.add_argument("--reason", default="", help="goes to the audit trail")
        parser.add_argument("--dry-run", action="store_true", help="only say how many")

    def handle(self, *args: Any, **options: Any) -> None:
        """Queue them all, or say how many. Raises CommandError naming the option."""
        try:
            account, application, choice = _chosen(options)
            choice.check()
            now = timezone.now()
            if options["dry_run"]:
                groups = replay.preview(account.pk, application.pk if application else None, choice, now)
                waiting = sum(group.pushes for group in groups if group.state == listing.WAITING)
                self.stdout.write(f"{replay.total(groups)} pushes would be sent again; {waiting} wait already")
                return
            row, new = replay.ask(account, application, choice, reason=options["reason"], now=now, announce=False)
        except MasklineError as problem:
            raise CommandError(str(problem)) from problem
        if new:
            audit.record(
                user=None, action="pushes.replay", subject_kind="replay", subject=str(row.pk), account=account,
                reason=options["reason"], detail={**row.chosen, "pushes": row.total},
            )  # fmt: skip
        done = _queue(row)
        self.stdout.write(f"queued {done.queued} of {done.total} pushes (replay {done.pk})")
        if done.state == Replay.State.CANCELLED:
            raise CommandError("it was cancelled meanwhile")


def _queue(row: Replay) -> Replay:
    """Queue a replay's pushes, or wait for the worker that is at it; return the replay as it ended."""
    while True:
        row.refresh_from_db()
        if row.state not in replay.OPEN:
            return row
        if not replaying.run(AT_A_TIME):
            time.sleep(LOOK_AGAIN_SECONDS)


def _chosen(options: dict[str, Any]) -> tuple[Account, Application | None, Choice]:
    push = listing.read_message_id(options["push"]) if options["push"] else None
    application = _application(options["application"])
    account = application.account if application else _account(options["account"])
    if options["account"] and application and application.account.code != options["account"]:
        raise BadInput("--application", f"is not of the account {options['account']}")
    if account is None and push is not None:
        account = _owner(push)
    if account is None:
        raise BadInput("--account", "is missing", "name an account, an application or a push")
    if options["url"] and application is None:
        raise BadInput("--url", "needs --application")
    endpoint = destinations.endpoint_of(application.pk, options["url"]) if application and options["url"] else None
    start, end = _instant(options, "start", "--from"), _instant(options, "end", "--to")
    choice = Choice(push, endpoint, options["kind"], options["state"], start, end)
    return account, application, choice


def _account(code: str) -> Account | None:
    if not code:
        return None
    found = Account.objects.filter(code=code).first()
    if found is None:
        raise BadInput("--account", "there is no account with this code")
    return found


def _application(app_key: str) -> Application | None:
    if not app_key:
        return None
    found = Application.objects.filter(app_key=app_key).select_related("account").first()
    if found is None:
        raise BadInput("--application", "there is no application with this app_key")
    return found


def _owner(push: Any) -> Account:
    row = Push.objects.filter(pk=push).select_related("account").first()
    found = row or Attempt.objects.filter(push_id=push, queued_xid__isnull=False).select_related("account").first()
    if found is None:
        raise BadInput("--push", "there is no such push")
    return found.account


def _instant(options: dict[str, Any], name: str, option: str) -> datetime | None:
    try:
        return parse_instant(options[name]) if options[name] else None
    except BadInput as problem:
        raise BadInput(option, problem.problem, problem.cure) from None
