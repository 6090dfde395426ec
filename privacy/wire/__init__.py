"""The vendor's wire format: the only place that knows its field names (pushes.md 1, 3, 4, 5)."""

from privacy.wire.body import canonical, dumps, read_body, read_entry, read_line
from privacy.wire.facts import CallFacts, EventFacts, Facts, Item, MessageFacts, StatusFacts

__all__ = [
    "CallFacts",
    "EventFacts",
    "Facts",
    "Item",
    "MessageFacts",
    "StatusFacts",
    "canonical",
    "dumps",
    "read_body",
    "read_entry",
    "read_line",
]
