"""One asks the customer: a switch that gave up waiting and asks again must not make his server be asked twice.

A mark in Redis is the doorbell. Without it both ask, which costs a question and harms nothing: the first answer kept
stands. Whoever waits holds nothing of the database, and only so many wait at once.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from common import marks
from common.errors import NotReady
from notifications import asking
from notifications.breaker import NoPlace

PAUSE_SECONDS = 0.1
# What the customer's deadline does not cover: looking up, and writing the answer.
MARGIN_SECONDS = 1


def take(name: str, answer: Callable[[], bytes | None]) -> bytes | None:
    """Return None when it is this caller's turn to ask, else the answer of whoever asks just now, or just did.

    Waits for that as long as he may take. Raises NotReady when too many wait already, or nothing came. Whoever had a
    turn gives it back.
    """
    patience = settings.MASKLINE["ask_call_seconds"] + MARGIN_SECONDS
    if not marks.claim(name, patience):
        return _of_another(name, answer, patience)
    # Between this one's look-up and its turn somebody may have asked and been answered.
    told = answer()
    if told is not None:
        give_back(name)
    return told


def give_back(name: str) -> None:
    """Let the next one ask."""
    marks.drop(name)


def _of_another(name: str, answer: Callable[[], bytes | None], patience: float) -> bytes | None:
    until = time.monotonic() + patience
    try:
        with asking.waiting_room():
            while time.monotonic() < until:
                if not connection.in_atomic_block:
                    connection.close()
                time.sleep(PAUSE_SECONDS)
                if marks.claim(name, int(patience)):
                    told = answer()
                    if told is not None:
                        give_back(name)
                    return told
    except NoPlace as full:
        raise NotReady(str(full)) from None
    raise NotReady("the customer is still being asked about this call")
