"""Records that cannot be stored as they are, so that the quarantine has something to show. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from console.simulation.people import digest
from console.simulation.records import Json, fee, wire_time

# How many good CDRs `spoiled` needs.
SAMPLES = 10
UNKNOWN_NUMBER = "+8617100009999"
UNKNOWN_APPLICATION = "retiredAppKey07"


def spoiled(samples: Sequence[Json]) -> list[Json]:
    """Return the pushes of bad CDRs made of SAMPLES good, answered ones: one mistake each, and an id of its own."""
    if len(samples) < SAMPLES:
        return []
    changed: list[Json] = [
        {"bindNum": UNKNOWN_NUMBER, "calleeNum": UNKNOWN_NUMBER},
        {"bindNum": UNKNOWN_NUMBER, "calleeNum": UNKNOWN_NUMBER},
        {"bindNum": UNKNOWN_NUMBER, "calleeNum": UNKNOWN_NUMBER},
        {"appKey": UNKNOWN_APPLICATION},
        {"appKey": UNKNOWN_APPLICATION},
        {"callEndTime": _moved(samples[5], "fwdAnswerTime", timedelta(seconds=-30))},
        {"callEndTime": _moved(samples[6], "fwdAnswerTime", timedelta(hours=25))},
        {"callEndTime": ""},
    ]
    bad = [fee(good | _own_id(good) | wrong) for good, wrong in zip(samples, changed, strict=False)]
    # The same id with another end: never merged, never dropped; a person decides.
    rest = samples[len(changed) : SAMPLES]
    return bad + [fee(good | {"callEndTime": _moved(good, "callEndTime", timedelta(minutes=3))}) for good in rest]


def _own_id(good: Json) -> Json:
    return {name: digest(good["icid"], "spoiled", name).hex()[:32] for name in ("icid", "sessionId")}


def _moved(good: Json, field: str, by: timedelta) -> str:
    return wire_time(datetime.strptime(good[field], "%Y-%m-%d %H:%M:%S") + by)
