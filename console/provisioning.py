"""Applying a provision file: every list in one transaction, or nothing; then quarantine is tried again."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from accounts import audit, provision_file
from accounts.datakeys import verify_data_keys
from accounts.provision_lists import LISTS
from accounts.provision_urls import judge_names
from accounts.provisioning import Tally, apply_accounts, apply_applications, apply_upstreams, lock_provisioning
from billing import locks
from billing import provisioning as money
from common.errors import BadInput
from privacy import foreign_bindings, quarantine
from privacy import provisioning as numbers


def provision(path: Path, now: datetime) -> Tally:
    """Apply a file and return what was done. Raises BadInput (ProvisionError names list, index and field)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput("file", f"cannot be read: {error.strerror}") from error
    lists = provision_file.read(content, LISTS)
    judge_names([*lists["applications"], *lists["upstreams"]])
    tally = Tally()
    with transaction.atomic():
        lock_provisioning()
        verify_data_keys()
        # Before any row: settlement waits for rows while it holds a shard.
        locks.every_shard()
        accounts = apply_accounts(lists["accounts"], tally, money.account_is_used)
        money.open_ledgers(list(accounts.values()), now)
        apply_applications(lists["applications"], tally, numbers.application_is_used)
        apply_upstreams(lists["upstreams"], tally)
        numbers.apply_numbers(lists["numbers"], tally, now)
        foreign_bindings.apply_bindings(lists["bindings"], tally, now)
        money.apply_tariffs(lists["tariffs"], tally)
        money.apply_packages(lists["packages"], tally)
        money.apply_topups(lists["accounts"], tally, now)
        money.apply_purchases(lists["purchases"], tally, now)
        if tally.changed:
            counts = {name: dict(found) for name, found in tally.counts.items()}
            audit.record(user=None, action="provision", subject_kind="file", subject=path.name, detail=counts)
    if tally.changed:
        tally.released = quarantine.retry_all(now)
    return tally
