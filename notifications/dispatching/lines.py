"""The queue in memory: a line for each endpoint, in it a chain for each call, of which only the first may be under way.

Lines take turns. None has more than its cap under way, no customer more than a quarter of the places; the last quarter
of the places is kept for endpoints that have nothing under way, so that slow ones never take them all. Nor do a
customer's slow endpoints stop his others: one that has nothing under way may begin until he has half of the places.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from notifications.dispatching.health import Health

CallKey = tuple[int, int]
QUIET_SECONDS = 600.0
# Lines looked at in one go for one that has nothing under way.
LOOKS = 8


@dataclass(slots=True)
class Claimed:
    """A push read from the outbox, in memory until what became of it is written there."""

    id: str
    endpoint_id: int
    order_key: int
    sequence: int
    shard: int
    epoch: int
    body: bytes
    attempt: int
    due_at: datetime
    first_failed_at: datetime | None
    queued_at: datetime
    replay: bool
    gap: bool = False


@dataclass(slots=True)
class Recipient:
    """What requests to one endpoint need, as last read."""

    id: int
    account_id: int
    application_id: int
    url: str
    any_2xx: bool
    app_key: str
    secret: str
    # Of the secret, and of the one before while that is good too.
    keys: tuple[bytes, ...]
    wsse: bool
    read_at: float


@dataclass(slots=True)
class Line:
    """One endpoint: its calls, and how many requests are under way."""

    recipient: Recipient
    health: Health
    failing_since: datetime | None
    misses: int
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    chains: dict[int, deque[Claimed]] = field(default_factory=dict)
    ready: deque[int] = field(default_factory=deque)
    busy: int = 0
    size: int = 0
    queued: bool = False


class Lines:
    """All lines of one dispatcher."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.a_customer = max(1, slots // 4)
        self.most_a_customer = max(1, slots // 2)
        self.reserve = slots // 4
        self.lines: dict[int, Line] = {}
        # Everything that must not be read again: waiting, under way, or done and not yet written.
        # {id: the endpoint under which it was read}: somebody may have moved it to another since.
        self.known: dict[str, int] = {}
        # Calls that were let go of since the last reading began: what that reading says of them is out of date.
        self.let_go: set[CallKey] = set()
        # Calls whose first push failed and is not written yet: what was queued behind it meanwhile may not overtake it.
        self.unwritten: set[CallKey] = set()
        self.waiting = 0
        self._ring: deque[Line] = deque()
        self._customers: Counter[int] = Counter()
        self._full_customers: dict[int, list[Line]] = {}

    def add(self, line: Line, push: Claimed) -> None:
        """Put a push in its place in its call."""
        chain = line.chains.get(push.order_key)
        if chain is None:
            chain = line.chains[push.order_key] = deque()
            line.ready.append(push.order_key)
        if chain and push.sequence < chain[-1].sequence:
            # Never before the first, which may be under way.
            place = next((n for n in range(1, len(chain)) if chain[n].sequence > push.sequence), len(chain))
            chain.insert(place, push)
        else:
            chain.append(push)
        self.known[push.id] = push.endpoint_id
        line.size += 1
        self.waiting += 1
        self._enqueue(line)

    def take(self, now: datetime, free: int) -> tuple[Line, Claimed] | None:
        """Return the next push that may go, now under way; None when none may."""
        for _ in range(min(len(self._ring), LOOKS) if free <= self.reserve else len(self._ring)):
            line = self._ring.popleft()
            line.queued = False
            if not line.ready or line.busy >= line.health.places(now):
                continue  # it comes back when one of its requests ends, or something is read for it
            customer = line.recipient.account_id
            if self._customers[customer] >= (self.a_customer if line.busy else self.most_a_customer):
                self._full_customers.setdefault(customer, []).append(line)
                continue
            if line.busy and free <= self.reserve:
                self._enqueue(line)
                continue
            push = line.chains[line.ready.popleft()][0]
            line.busy += 1
            self.waiting -= 1
            self._customers[customer] += 1
            self._enqueue(line)
            return line, push
        return None

    def arrived(self, line: Line, push: Claimed) -> None:
        """End a request that succeeded: the next of its call may go."""
        self._end(line)
        chain = line.chains.get(push.order_key)
        if chain is None or chain[0] is not push:
            return
        chain.popleft()
        line.size -= 1
        if chain:
            line.ready.append(push.order_key)
        else:
            del line.chains[push.order_key]
        self._enqueue(line)

    def let_call_go(self, line: Line, push: Claimed) -> list[str]:
        """End a request after which its call waits in the outbox; return the ids to forget once that is written."""
        self._end(line)
        self._enqueue(line)
        self.unwritten.add((push.endpoint_id, push.order_key))
        return [each.id for each in self._remove(line, push.order_key, under_way=True)] or [push.id]

    def drop(self, endpoint_id: int, *, under_way: bool) -> None:
        """Let go of a line's waiting pushes; `under_way`: of those as well (their requests are broken off)."""
        line = self.lines.get(endpoint_id)
        if line is None:
            return
        for order_key in list(line.chains):
            chain = line.chains[order_key]
            if order_key in line.ready or under_way:
                for push in self._remove(line, order_key, under_way=order_key not in line.ready):
                    self.known.pop(push.id, None)
            else:
                first = chain.popleft()
                for push in chain:
                    self.known.pop(push.id, None)
                self.waiting -= len(chain)
                line.size -= len(chain)
                chain.clear()
                chain.append(first)
                self.let_go.add((endpoint_id, order_key))
        line.ready.clear()

    def put_back(self, line: Line, push: Claimed) -> None:
        """Let a push that was taken wait on: it may not begin just now."""
        self._end(line)
        if push.order_key in line.chains:
            line.ready.appendleft(push.order_key)
            self.waiting += 1

    def break_off(self, line: Line) -> None:
        """End a request of a line that was dropped."""
        self._end(line)
        self._enqueue(line)

    def arrival_written(self, push: Claimed) -> None:
        """Forget a push that left the outbox."""
        self.known.pop(push.id, None)

    def failure_written(self, push: Claimed, ids: list[str]) -> None:
        """Let a call be read again; a reading that began before this was written saw less than there is."""
        call = push.endpoint_id, push.order_key
        for id in ids:
            self.known.pop(id, None)
        self.unwritten.discard(call)
        self.let_go.add(call)

    def enough(self, most: int, now: datetime) -> bool:
        """Return whether nothing more needs to be read: so many wait, not counting those whose turn cannot come yet."""
        if self.waiting < most:
            return False
        return sum(line.size for line in self.lines.values() if line.busy < line.health.places(now)) >= most

    def not_begun(self) -> Iterator[Claimed]:
        """Return what waits in memory and is not under way."""
        for line in self.lines.values():
            ready = set(line.ready) if line.size else set()
            for order_key, chain in line.chains.items():
                yield from chain if order_key in ready else islice(chain, 1, None)

    def look_again(self) -> None:
        """Have every line take its turn that has something ready."""
        for line in self.lines.values():
            self._enqueue(line)

    def tidy(self, now: float) -> None:
        """Forget lines that had nothing for ten minutes."""
        quiet = [id for id, line in self.lines.items() if not line.size and not line.busy]
        for id in quiet:
            if now - self.lines[id].recipient.read_at > QUIET_SECONDS:
                del self.lines[id]

    def _remove(self, line: Line, order_key: int, *, under_way: bool) -> deque[Claimed]:
        chain = line.chains.pop(order_key, deque())
        line.size -= len(chain)
        self.waiting -= len(chain) - (1 if under_way and chain else 0)
        self.let_go.add((line.recipient.id, order_key))
        return chain

    def _end(self, line: Line) -> None:
        line.busy -= 1
        customer = line.recipient.account_id
        self._customers[customer] -= 1
        if not self._customers[customer]:
            del self._customers[customer]
        for other in self._full_customers.pop(customer, ()):
            self._enqueue(other)

    def _enqueue(self, line: Line) -> None:
        if not line.queued and line.ready:
            line.queued = True
            self._ring.append(line)
