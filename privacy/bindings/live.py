"""Which bindings have a call now: ending them lets the call go on, and the next one fails (northbound.md 3.1)."""

from collections.abc import Iterable
from uuid import UUID

from privacy.bindings import statements
from privacy.models import Binding


def live_calls(bindings: Iterable[Binding]) -> set[UUID]:
    """Return the ids of the bindings with a call of the last 24 h that neither a disconnect nor a CDR has ended."""
    names = {binding.subscription_id: binding.pk for binding in bindings}
    if not names:
        return set()
    rows = statements.run("live_subscriptions", {"subscriptions": list(names)})
    return {names[row[0]] for row in rows}
