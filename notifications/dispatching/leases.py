"""Which shares of the outbox are ours: taken for ten seconds, renewed each three, spread evenly over the living.

Who owns a share is the only one who reads and sends it. What an old owner still writes names its epoch, and finds
nothing. No request outlives its lease: those under way are broken off when it runs out without a renewal.
A lease that ran out and was taken by nobody is renewed with its epoch, so that what was done under it can be written.

The clock is the database's. When that steps back, leases that would last too long are cut to their length; when it
steps forward, nothing is taken until the living have had the time to renew.
"""

import math
import time
from dataclasses import dataclass
from datetime import datetime

from accounts.models import SHARDS
from notifications.dispatching.database import Database, run

LEASE_SECONDS = 10
RENEW_SECONDS = 3.0
# A request is begun only if the lease lasts at least as long as a connection may take to come about.
LEAST_LEFT_SECONDS = 3.5
# The database's clock went further than ours by more than this: it was set.
STEP_SECONDS = 2.0


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
        # The database's time and ours at the last look; nothing is taken before.
        self._told: tuple[datetime, float] | None = None
        self._take_from = 0.0

    async def prepare(self) -> None:
        """Make the rows of all shares."""
        await self._database.rows("make_leases", shards=SHARDS)

    async def look(self) -> set[int]:
        """Renew what is ours when it is time, take what is free; return the shares that turned out to be lost."""
        began = time.monotonic()
        until = began + LEASE_SECONDS
        async with self._database.transaction() as cursor:
            await run(cursor, "tell_alive", owner=self.owner)
            alive, told = (await run(cursor, "count_alive", seconds=LEASE_SECONDS))[0]
            await run(cursor, "cut_leases", seconds=LEASE_SECONDS)
            before = dict(self.held)
            kept = dict(before)
            if began >= self._renew_at:
                renewed = await run(cursor, "renew_leases", owner=self.owner, seconds=LEASE_SECONDS)
                kept = {shard: Lease(epoch, until) for shard, epoch in renewed}
            part = math.ceil(SHARDS / max(1, alive))
            taken = []
            if self._may_take(told) and len(kept) < part:
                parameters = {"owner": self.owner, "most": part - len(kept), "seconds": LEASE_SECONDS}
                taken = await run(cursor, "take_leases", **parameters)
        if began >= self._renew_at:
            self._renew_at = began + RENEW_SECONDS
        lost = {shard for shard, lease in before.items() if shard not in kept or kept[shard].epoch != lease.epoch}
        self.held = kept | {shard: Lease(epoch, until) for shard, epoch in taken}
        lost |= {shard for shard, _ in taken if shard in before}
        self.leaving = set(sorted(self.held)[part:])
        return lost

    def _may_take(self, told: datetime) -> bool:
        """Return whether a lease that the database calls free is free: not just after its clock was set forward."""
        now = time.monotonic()
        if self._told is not None:
            before, at = self._told
            if (told - before).total_seconds() - (now - at) > STEP_SECONDS:
                self._take_from = now + LEASE_SECONDS
        self._told = told, now
        return now >= self._take_from

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
        return self.is_ours(shard, epoch) and self.held[shard].until - time.monotonic() > LEAST_LEFT_SECONDS

    def is_ours(self, shard: int, epoch: int) -> bool:
        """Return whether this share is ours since that epoch, and stays so."""
        lease = self.held.get(shard)
        return lease is not None and lease.epoch == epoch and shard not in self.leaving

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
