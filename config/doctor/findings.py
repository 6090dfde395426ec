"""One thing the doctor says."""

from dataclasses import dataclass
from datetime import timedelta

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True)
class Finding:
    """How it is (ok, warn, bad), what it is about, what was seen, and the cure where one is needed."""

    level: str
    about: str
    seen: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.about}: {self.seen}" + (f" -> {self.cure}" if self.cure else "")


def worse(value: float, warn: float, bad: float) -> str:
    """Return the level of a figure that should be small."""
    return BAD if value >= bad else WARN if value >= warn else OK


def span(time: timedelta) -> str:
    """Return a length of time in its two greatest units."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes < 1:
        return f"{max(0.0, time.total_seconds()):.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 72 else f"{hours // 24} d"
