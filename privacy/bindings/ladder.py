"""In which order numbers are tried when the customer names none (northbound.md 3.2; issue item "selection")."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Application
from common import areas
from privacy.models import Binding

Step, Preference = Binding.Step, Application.PairPreference


@dataclass(frozen=True)
class Rung:
    """One step: the condition on the number (privacy/sql/selection.sql) and what it is asked with.

    `avoid` leaves out what this pair had before.
    """

    step: Binding.Step
    condition: str
    values: Mapping[str, Any] = field(default_factory=dict)
    avoid: bool = False


def rungs(application: Application, area: str, loose: bool) -> Iterator[Rung]:
    """Return the rungs for an area, strict or loose; the pair's preference first."""
    preference = application.pair_preference
    # In AXE there is no pair: extensions are taken at random.
    if application.mode == Application.Mode.AXE:
        preference = Preference.NONE
    if preference == Preference.SAME and (loose or area):
        yield Rung(Step.SAME, "in_last", {"area": "" if loose else area})
    if preference == Preference.OTHER:
        yield from _cities(application, area, loose, avoid=True)
    yield from _cities(application, area, loose, avoid=False)


def _cities(application: Application, area: str, loose: bool, avoid: bool) -> Iterator[Rung]:
    if area:
        yield Rung(Step.CITY, "in_city", {"area": area}, avoid)
    if not loose:
        return
    province = list(areas.same_province(area)) if area else []
    if province:
        yield Rung(Step.PROVINCE, "in_cities", {"areas": province}, avoid)
    for code in application.fallback_cities:
        yield Rung(Step.FALLBACK, "in_city", {"area": code}, avoid)
    yield Rung(Step.ANY, "in_any", {}, avoid)
