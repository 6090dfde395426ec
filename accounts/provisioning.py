"""Accounts, applications and upstreams of a provision file (docs/operations.md), in the caller's transaction."""

import secrets
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from accounts import standing
from accounts.models import Account, Application, Upstream, UpstreamApplication
from accounts.provision_file import Entry, ProvisionError
from common.errors import BadInput, MasklineError
from common.sql import query

# The advisory lock of provisioning, so that a second file waits for the first ("prov" in ASCII).
LOCK = 0x70726F76
SECRET_CHARACTERS = string.ascii_letters + string.digits
SECRET_LENGTH = 32

ACCOUNT_FIELDS = ("name", "time_zone", "currency", "credit_limit", "low_balance", "contacts")
APPLICATION_URLS = (
    *("call_status_url", "callin_url", "cdr_url"),
    *("sms_url", "sms_control_url", "number_status_url"),
)
APPLICATION_FIELDS = (
    *("name", "mode", "state", "recording", "sms", "keep_sms_content", "push_number_status"),
    *("wsse_pushes", "lenient_headers", "strict_nonces", "require_content_digest", "allowed_ips"),
    *("extension_digits", "cool_down_hours", "pair_preference", "fallback_cities", "tags"),
    *("no_permission_voice", "abnormal_voice"),
    *APPLICATION_URLS,
)
UPSTREAM_FIELDS = ("key", "allowed_ips", "recording_hosts", "stop_url")


@dataclass
class Tally:
    """What a provision did: per list how many were created, updated and unchanged; secrets made; things to know.

    `released` counts the records that left quarantine because of it.
    """

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    secrets: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    released: int = 0

    @property
    def changed(self) -> bool:
        """Return whether anything was created or updated."""
        return any(counts["created"] or counts["updated"] for counts in self.counts.values())


def lock_provisioning() -> None:
    """Wait for another provision, and hold the lock until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(query("accounts", "lock_provisioning"), {"lock": LOCK})


@contextmanager
def errors_of(entry: Entry) -> Iterator[None]:
    """Turn what goes wrong with one entry into a ProvisionError that says which; undo what the entry wrote."""
    try:
        with transaction.atomic():
            yield
    except ProvisionError:
        raise
    except BadInput as problem:
        name = problem.field if problem.field in entry.fields else ""
        text = problem.problem if name else f"{problem.field}: {problem.problem}".removeprefix(": ")
        raise entry.error(name, text, problem.cure) from problem
    except MasklineError as problem:
        raise entry.error("", str(problem)) from problem
    except IntegrityError as problem:
        # The database's own text may repeat values.
        constraint = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None)
        raise entry.error("", f"is refused by the rule {constraint or 'of the database'}") from problem


def write(row: models.Model, values: Mapping[str, Any]) -> str:
    """Write the values that differ; return created, updated or unchanged."""
    if row._state.adding:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(force_insert=True)
        return "created"
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, values[name])
    if differing:
        row.save(update_fields=differing)
    return "updated" if differing else "unchanged"


def apply_accounts(entries: Sequence[Entry], tally: Tally, is_used: Callable[[Account], bool]) -> dict[str, Account]:
    """Create or update accounts; return them by code. `is_used`: currency and zone may not change any more."""
    rows = Account.objects.in_bulk([entry["code"] for entry in entries], field_name="code")
    for entry in entries:
        code = entry["code"]
        row = rows.setdefault(code, Account(code=code))
        values = entry.values(*ACCOUNT_FIELDS, new=row._state.adding)
        if "name" in values:
            values["name"] = values["name"] or code
        for name in ("currency", "time_zone"):
            if not row._state.adding and values.get(name, getattr(row, name)) != getattr(row, name) and is_used(row):
                raise entry.error(name, "cannot change after use")
        with errors_of(entry):
            outcome = write(row, values)
            tally.counts["accounts"][outcome] += 1
            if outcome == "created":
                standing.opened(row, user=None)
    return rows


def apply_applications(
    entries: Sequence[Entry], tally: Tally, is_used: Callable[[Application], bool]
) -> dict[str, Application]:
    """Create or update applications; return them by app_key. `is_used`: the mode may not change any more."""
    rows = Application.objects.in_bulk([entry["app_key"] for entry in entries], field_name="app_key")
    accounts = Account.objects.in_bulk([e["account"] for e in entries if e["account"]], field_name="code")
    for entry in entries:
        app_key = entry["app_key"]
        row = rows.setdefault(app_key, Application(app_key=app_key))
        account = named(entry, "account", accounts)
        values = entry.values(*APPLICATION_FIELDS, new=row._state.adding)
        if "name" in values:
            values["name"] = values["name"] or app_key
        if row._state.adding:
            values["account"] = account or missing(entry, "account")
        elif account is not None and account.pk != row.account_id:
            raise entry.error("account", "cannot change: the application belongs to another account")
        elif values.get("mode", row.mode) != row.mode and is_used(row):
            raise entry.error("mode", "cannot change after use")
        values |= secret(entry, "app_secret", row, app_key, tally)
        if "app_secret" in values and not row._state.adding and values["app_secret"] != row.app_secret:
            # Written by hand it is good from now on alone, and so is none of before.
            values |= {"previous_secret": None, "previous_secret_until": None}
        with errors_of(entry):
            tally.counts["applications"][write(row, values)] += 1
        _note_incomplete(row, tally)
    return rows


def apply_upstreams(entries: Sequence[Entry], tally: Tally) -> None:
    """Create or update upstreams with their accounts and the app_keys a vendor knows us by."""
    rows = Upstream.objects.in_bulk([entry["code"] for entry in entries], field_name="code")
    for entry in entries:
        code = entry["code"]
        row = rows.setdefault(code, Upstream(code=code))
        values = entry.values(*UPSTREAM_FIELDS, new=row._state.adding)
        if "key" in values:
            values["key"] = values["key"] or code
            if UpstreamApplication.objects.filter(app_key=values["key"]).exists():
                raise entry.error("key", "is an app_key listed for an upstream already")
        values |= secret(entry, "secret", row, code, tally)
        if entry.has("accounts"):
            values["every_account"] = entry["accounts"] is None
        with errors_of(entry):
            outcome = write(row, values)
            if entry.has("accounts") and _set_accounts(row, entry) and outcome == "unchanged":
                outcome = "updated"
        tally.counts["upstreams"][outcome] += 1
        _apply_vendor_applications(row, entry["applications"], tally)


def named(entry: Entry, name: str, rows: Mapping[str, Any]) -> Any:
    """Return the row that a key of the entry names, None where it names none. Raises ProvisionError."""
    wanted = entry[name]
    if wanted is not None and wanted not in rows:
        raise entry.error(name, "is unknown: neither in the file nor provisioned before")
    return None if wanted is None else rows[wanted]


def missing(entry: Entry, name: str) -> Any:
    """Raise the error that a new row needs this key."""
    raise entry.error(name, "is missing")


def secret(entry: Entry, name: str, row: models.Model, owner: str, tally: Tally) -> dict[str, str]:
    """Return the secret to write, if any: the one given, or for a new row without one a generated one."""
    given = entry[name]
    if given is None and row._state.adding:
        given = "".join(secrets.choice(SECRET_CHARACTERS) for _ in range(SECRET_LENGTH))
        tally.secrets.append(f"{name} of {owner}: {given}")
    return {} if given is None else {name: given}


def _set_accounts(row: Upstream, entry: Entry) -> bool:
    """Set the accounts an upstream may deliver for; return whether they changed."""
    accounts = Account.objects.in_bulk(entry["accounts"] or [], field_name="code")
    for code in entry["accounts"] or []:
        if code not in accounts:
            raise entry.error("accounts", "names an account that is unknown")
    before = set(row.accounts.values_list("pk", flat=True))
    after = {account.pk for account in accounts.values()}
    if before != after:
        row.accounts.set(accounts.values())
    return before != after


def _apply_vendor_applications(upstream: Upstream, entries: Iterable[Entry], tally: Tally) -> None:
    for entry in entries:
        app_key = entry["app_key"]
        row = UpstreamApplication.objects.filter(app_key=app_key).first()
        if row is not None and row.upstream_id != upstream.pk:
            raise entry.error("app_key", "is listed for another upstream")
        if Upstream.objects.filter(key=app_key).exists():
            raise entry.error("app_key", "is the key of an upstream")
        row = row or UpstreamApplication(upstream=upstream, app_key=app_key)
        applications = Application.objects.in_bulk([entry["application"]], field_name="app_key")
        values = {"application": named(entry, "application", applications)}
        values |= secret(entry, "app_secret", row, app_key, tally)
        with errors_of(entry):
            tally.counts["upstream applications"][write(row, values)] += 1


def _note_incomplete(row: Application, tally: Tally) -> None:
    """Say what an application of this mode lacks to work (pushes.md 8): it is accepted all the same."""
    if row.mode == Application.Mode.X and not row.call_status_url:
        tally.notices.append(f"{row.app_key} is incomplete: mode X needs a call_status_url")
    if row.mode in (Application.Mode.AX, Application.Mode.X) and row.sms and not row.sms_control_url:
        tally.notices.append(f"{row.app_key} is incomplete: SMS in mode {row.mode} needs an sms_control_url")
