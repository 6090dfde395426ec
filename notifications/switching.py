"""People pause, resume, disable and enable endpoints; the queue is kept, for the 72 hours that a push may wait."""

from dataclasses import dataclass
from datetime import datetime

from notifications.models import Endpoint

State = Endpoint.State


@dataclass(frozen=True, slots=True)
class Switch:
    """From which states an endpoint comes to which."""

    before: tuple[str, ...]
    after: str


SWITCHES = {
    "pause": Switch((State.ACTIVE, State.FAILING), State.PAUSED),
    "resume": Switch((State.PAUSED,), State.ACTIVE),
    "disable": Switch((State.ACTIVE, State.FAILING, State.PAUSED), State.DISABLED),
    "enable": Switch((State.DISABLED,), State.ACTIVE),
}


def switch(endpoint_id: int, name: str, *, by: str, reason: str, now: datetime) -> bool:
    """Switch an endpoint; return False when it was not in a state for that any more.

    One that is sent to again begins anew: what it failed before does not disable it at its next failure.
    """
    wanted = SWITCHES[name]
    values = {"state": wanted.after, "state_since": now, "state_by": by[:150], "state_reason": reason[:300]}
    if wanted.after == State.ACTIVE:
        values |= {"failing_since": None, "misses": 0, "closed_until": None}
    return bool(Endpoint.objects.filter(pk=endpoint_id, state__in=wanted.before).update(**values))


def take_any_2xx(endpoint_id: int, *, any_2xx: bool) -> bool:
    """Say what counts as success at an endpoint: any 2xx, or 200 alone; return False when it was so already."""
    return bool(Endpoint.objects.filter(pk=endpoint_id, any_2xx=not any_2xx).update(any_2xx=any_2xx))
