"""What `bin/manage doctor` looks at: one finding a check, with the cure. It changes nothing but a probe file."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import DatabaseError, connection

from config.doctor import database, machine, work
from config.doctor.findings import BAD, OK, WARN, Finding

__all__ = ["BAD", "OK", "WARN", "Finding", "examine"]

log = logging.getLogger(__name__)
Check = Callable[[datetime], Iterator[Finding]]
WITHOUT_DATABASE: tuple[Check, ...] = (machine.disk, machine.storage, machine.redis)
WITH_DATABASE: tuple[Check, ...] = (
    *(machine.postgres, machine.clock, database.migrations, database.partitions_ahead, database.transactions),
    *(database.keys, database.backup, work.heartbeats, work.dispatchers, work.pushes, work.settlement, work.unpriced),
)


def examine(now: datetime) -> Iterator[Finding]:
    """Yield what every check finds. One that fails is a finding itself; without a database the rest is not asked."""
    for check in WITHOUT_DATABASE:
        yield from _carefully(check, now)
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        said = str(error).strip().splitlines()
        yield Finding(BAD, "database", f"cannot be reached: {said[0] if said else error}", "start it; see DATABASE_URL")
        return
    for check in WITH_DATABASE:
        yield from _carefully(check, now)


def _carefully(check: Check, now: datetime) -> Iterator[Finding]:
    """Yield what a check finds, or that it could not look. Its error's text may hold values: only its kind is told."""
    name = check.__name__.replace("_", " ")
    try:
        yield from check(now)
    except Exception as error:
        log.debug("doctor: %s", name, exc_info=True)
        yield Finding(BAD, name, f"could not be looked at ({type(error).__name__})", "apply migrations, then ask again")
