"""The database's time, kept going between two looks at it by this machine's monotonic clock.

A step of the machine's clock changes nothing: leases and due times are the database's, waiting is monotonic.
"""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Says what time it is in the database."""

    def __init__(self) -> None:
        self._seen = datetime.now(UTC)
        self._at = time.monotonic()

    def set(self, seen: datetime, asked_at: float) -> None:
        """Take in the time the database told; `asked_at` is the monotonic time before it was asked."""
        self._seen, self._at = seen, asked_at

    def now(self) -> datetime:
        """Return the time."""
        return self._seen + timedelta(seconds=time.monotonic() - self._at)
