"""Which shares of the outbox are ours: taken for ten seconds, renewed each three, spread evenly over the living.

Who owns a share is the only one who reads and sends it. What an old owner still writes names its epoch, and finds
nothing. No request outlives its lease: those under way are broken off when it runs out without a renewal.
"""

import math
import time
from dataclasses import dataclass

from accounts.models import SHARDS
from notifications.dispatching.database import Database, run

LEASE_SECONDS = 10
RENEW_SECONDS = 3.0
# A request is begun only if the lease lasts at least as long as a connection may take to come about.
LEAST_LEFT_SECONDS = 3.5


@dataclass(slots=True)
class Lease:
    """One share: its epoch, and until when it is ours on the monotonic clock."""

    epoch: int
    until: float


class Leases:
    """The shares of one dispatcher."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self.owner = owner
        self.held: dict[int, Lease] = {}
        # More than our part, to be given back as soon as nothing of them is under way.
        self.leaving: set[int] = set()
        self._renew_at = 0.0

    async def prepare(self) -> None:
        """Make the rows of all shares."""
        await self._database.rows("make_leases", shards=SHARDS)

    async def look(self) -> set[int]:
        """Renew what is ours when it is time, take what is free; return the shares that turned out to be lost."""
        began = time.monotonic()
        until = began + LEASE_SECONDS
        async with self._database.transaction() as cursor:
            await run(cursor, "tell_alive", owner=self.owner)
            alive = int((await run(cursor, "count_alive", seconds=LEASE_SECONDS))[0][0])
            before = dict(self.held)
            kept = dict(before)
            if began >= self._renew_at:
                parameters = {"owner": self.owner, "shards": sorted(before), "seconds": LEASE_SECONDS}
                renewed: dict[int, int] = dict(await run(cursor, "renew_leases", **parameters))
                kept = {shard: Lease(epoch, until) for shard, epoch in renewed.items()}
            part = math.ceil(SHARDS / max(1, alive))
            taken = []
            if len(kept) < part:
                parameters = {"owner": self.owner, "most": part - len(kept), "seconds": LEASE_SECONDS}
                taken = await run(cursor, "take_leases", **parameters)
        if began >= self._renew_at:
            self._renew_at = began + RENEW_SECONDS
        lost = {shard for shard, lease in before.items() if shard not in kept or kept[shard].epoch != lease.epoch}
        self.held = kept | {shard: Lease(epoch, until) for shard, epoch in taken}
        lost |= {shard for shard, _ in taken if shard in before}
        self.leaving = set(sorted(self.held)[part:])
        return lost

    def run_out(self) -> set[int]:
        """Forget the shares whose lease ran out, and return them."""
        now = time.monotonic()
        gone = {shard for shard, lease in self.held.items() if lease.until <= now}
        for shard in gone:
            del self.held[shard]
        if gone:
            self._renew_at = 0.0
        return gone

    def may_begin(self, shard: int, epoch: int) -> bool:
        """Return whether a request of this share may begin now."""
        lease = self.held.get(shard)
        return lease is not None and lease.epoch == epoch and lease.until - time.monotonic() > LEAST_LEFT_SECONDS

    def claimable(self) -> dict[int, int]:
        """Return the epoch of each share from which pushes are read."""
        return {shard: lease.epoch for shard, lease in self.held.items() if shard not in self.leaving}

    async def give_back(self, shards: set[int]) -> None:
        """Let others have these shares at once."""
        if shards:
            await self._database.rows("give_back_leases", owner=self.owner, shards=sorted(shards))
            for shard in shards:
                self.held.pop(shard, None)
            self.leaving -= shards

    async def leave(self) -> None:
        """Give everything back and say good-bye."""
        await self.give_back(set(self.held))
        await self._database.rows("leave", owner=self.owner)
