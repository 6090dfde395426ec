"""A scenario from beginning to end, against a running Maskline or a web server of our own."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from accounts.models import Upstream
from common.errors import MasklineError
from console.simulation import delivery
from console.simulation.records import Json
from console.simulation.scenarios import player, told
from console.simulation.scenarios.script import Script
from console.simulation.sender import Sender

# A server of our own waits for the customer no longer than it has to.
SHORTEST_SECONDS = 1
# The customer's server stands on this machine, where a Maskline sends nothing unless it is told that it may.
ANY_PRIVATE = "1"


class NotHere(MasklineError):
    """A scenario makes accounts, numbers and charges: it is for trying out."""


def perform(script: Script, upstream: Upstream, url: str | None = None, deadline: float | None = None) -> Json:
    """Play a scenario and return what came of it, in its own words. Raises MasklineError.

    Without `url` at a web server of our own. A Maskline at `url` must be one on this database; `deadline` is the
    longest it waits for a customer, in seconds, where that is not what the settings here say.
    """
    if settings.PRODUCTION:
        raise NotHere("a scenario makes an account, numbers and calls of its own: play it where nothing is real")
    with _rules(own=url is None), _door(upstream, url) as door:
        waits = player.deadline() if deadline is None else deadline
        return told.tell(player.play(script, upstream=upstream, door=door, deadline=waits))


@contextmanager
def _door(upstream: Upstream, url: str | None) -> Iterator[Sender]:
    with delivery.door(upstream, url) if url else delivery.own_door(upstream) as sender:
        yield sender


@contextmanager
def _rules(own: bool) -> Iterator[None]:
    """Let this process reach the customer's server, and while it serves itself wait for it no longer than it must."""
    usual = dict(settings.MASKLINE)
    settings.MASKLINE["push_allow_private"] = (*usual.get("push_allow_private", ()), ANY_PRIVATE)
    if own:
        settings.MASKLINE |= dict.fromkeys(("ask_call_seconds", "ask_sms_seconds"), SHORTEST_SECONDS)
    try:
        yield
    finally:
        settings.MASKLINE.clear()
        settings.MASKLINE.update(usual)
