"""What an endpoint did of late, and whether it is left alone (reliability.md 1: the breaker). No database.

Left alone after five time-outs in a row, or when seven in ten of at least ten requests within a minute failed. Every
fifteen seconds one request tries it; a success opens it again, one request at first, then more.
"""

from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)
PROBE_EVERY = timedelta(seconds=15)
LEAST_REQUESTS = 10
FAILED_SHARE = 0.7
TIMEOUTS = 5


class Health:
    """Outcomes of one endpoint, as its dispatcher saw them. Times are those of the database's clock."""

    __slots__ = ("_failed", "_window", "cap", "closed_until", "most", "timeouts")

    def __init__(self, closed_until: datetime | None, most: int) -> None:
        self._window: deque[tuple[datetime, bool]] = deque()
        self._failed = 0
        self.timeouts = 0
        self.closed_until = closed_until
        self.most = most
        self.cap = most

    def learn(self, now: datetime, *, failed: bool, timed_out: bool) -> bool:
        """Take in an outcome; return whether the endpoint is left alone from now on."""
        self._forget(now)
        self._window.append((now, failed))
        self._failed += failed
        self.timeouts = self.timeouts + 1 if timed_out else 0
        if not failed:
            self._recover()
            return False
        self.cap = max(1, self.cap // 2)
        if self.closed_until is None and not self._is_bad():
            return False
        opened = self.closed_until is None
        self.closed_until = now + PROBE_EVERY
        return opened

    def places(self, now: datetime) -> int:
        """Return how many requests may be under way at once."""
        if self.closed_until is None:
            return self.cap
        return 1 if now >= self.closed_until else 0

    def _recover(self) -> None:
        if self.closed_until is not None:
            self.closed_until = None
            self._window.clear()
            self._failed = 0
            self.cap = 1
        self.cap = min(self.most, self.cap + 1)

    def _is_bad(self) -> bool:
        seen = len(self._window)
        return self.timeouts >= TIMEOUTS or (seen >= LEAST_REQUESTS and self._failed >= FAILED_SHARE * seen)

    def _forget(self, now: datetime) -> None:
        while self._window and now - self._window[0][0] > WINDOW:
            self._failed -= self._window.popleft()[1]
