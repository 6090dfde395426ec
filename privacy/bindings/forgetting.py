"""What was kept for a time only: cool-downs, answers for repeated requests, counts of nothing."""

from collections.abc import Mapping

from django.conf import settings
from psycopg.types.numeric import Int4

from privacy.bindings import statements

BATCH = 10_000


def forget_released() -> int:
    """Delete cool-downs that no application looks at any more, old answers and empty counts; return how many rows."""
    days = {"days": Int4(settings.MASKLINE["remember_pairs_days"]), "limit": Int4(BATCH)}
    return sum([_all(name, days) for name in ("forget_coolings", "forget_answers", "forget_loads")])


def _all(name: str, parameters: Mapping[str, object]) -> int:
    total = 0
    while True:
        gone = len(statements.run(name, parameters))
        total += gone
        if gone < BATCH:
            return total
