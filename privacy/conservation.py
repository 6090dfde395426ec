"""received = stored + repeated + quarantined, proven against the rows themselves."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from common import sql


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what was counted and what is there differ."""

    what: str
    counted: int
    found: int
    source_id: int | None = None


def conservation(start: datetime, end: datetime) -> list[Difference]:
    """Return where sources of start <= arrival < end and the rows they left differ; empty when nothing is lost.

    Each source must have left as many records, results and number statuses as it says it stored. Quarantine is
    compared as a whole, for an item that comes again is counted on the row of its first source.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", "conservation_of_stored"), {"start": start, "end": end})
        differences = [
            Difference("stored", counted, found, source_id) for source_id, counted, found in cursor.fetchall()
        ]
        cursor.execute(sql.load("privacy", "conservation_of_received"), {"start": start, "end": end})
        differences += [Difference("received", counted, found, id) for id, counted, found in cursor.fetchall()]
        cursor.execute(sql.load("privacy", "conservation_of_quarantined"))
        counted, found = cursor.fetchone()
    if counted != found:
        differences.append(Difference("quarantined", counted, found))
    return differences
