"""The locks of money: whatever moves an account's money or packages waits for the account's shard (billing.md 4)."""

from django.db import connection

from accounts.models import SHARDS
from common import sql

# The first key of the advisory locks, so that they meet no other locks of the database ("bill" in ASCII).
SPACE = 0x62696C6C


def shard_lock(shard: int) -> None:
    """Hold the shard until the end of the transaction. Take more than one only in ascending order.

    Locks only save work: what is exactly once is so by unique keys.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.query("billing", "lock_shard"), {"space": SPACE, "shard": shard})


def every_shard() -> None:
    """Hold all shards until the end of the transaction: for a price that is not one account's."""
    for shard in range(SHARDS):
        shard_lock(shard)
