"""Applying a provision file: every list in one transaction, or nothing."""

from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from accounts import audit, provision_file
from accounts.provision_lists import LISTS
from accounts.provisioning import Tally, apply_accounts, apply_applications, apply_upstreams
from billing import locks
from billing import provisioning as money
from common.errors import BadInput
from common.sql import query
from privacy import provisioning as numbers

# The advisory lock of provisioning, so that a second file waits for the first ("prov" in ASCII).
LOCK = 0x70726F76


def provision(path: Path, now: datetime) -> Tally:
    """Apply a file and return what was done. Raises BadInput (ProvisionError names list, index and field)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput("file", f"cannot be read: {error.strerror}") from error
    lists = provision_file.read(content, LISTS)
    tally = Tally()
    with transaction.atomic():
        _lock()
        accounts = apply_accounts(lists["accounts"], tally, money.account_is_used)
        money.open_ledgers(list(accounts.values()), now)
        apply_applications(lists["applications"], tally, numbers.application_is_used)
        apply_upstreams(lists["upstreams"], tally)
        numbers.apply_numbers(lists["numbers"], tally, now)
        money.apply_tariffs(lists["tariffs"], tally)
        money.apply_packages(lists["packages"], tally)
        money.apply_topups(lists["accounts"], tally, now)
        money.apply_purchases(lists["purchases"], tally, now)
        if tally.changed:
            counts = {name: dict(found) for name, found in tally.counts.items()}
            audit.record(user=None, action="provision", subject_kind="file", subject=path.name, detail=counts)
    if lists["bindings"]:
        tally.notices.append("bindings are not recorded yet")
    return tally


def _lock() -> None:
    """Wait for another provision, then hold all shards: before any row, for settlement waits for rows with a shard."""
    with connection.cursor() as cursor:
        cursor.execute(query("accounts", "lock_provisioning"), {"lock": LOCK})
    locks.every_shard()
