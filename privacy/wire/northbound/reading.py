"""A form to values: every fault of a request is a BadInput that names the parameter (northbound.md 9.1, 1010002)."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from rest_framework import serializers

from accounts.models import Application
from common import areas
from common.errors import BadInput
from privacy import voices
from privacy.models.bindings import Terms
from privacy.wire.northbound.fields import MISSING
from privacy.wire.northbound.forms import Form

TERMS = frozenset(field.name for field in Terms._meta.local_fields) - {"extension"}
_AREA_CODE = re.compile(r"[0-9]{2,8}")
MATCH_MODES = {"0": False, "1": True}


def read(form: type[Form], parameters: Mapping[str, Any], application: Application) -> dict[str, Any]:
    """Return what was sent, under our words; what is absent and has no default is left out. Raises BadInput."""
    try:
        values: dict[str, Any] = _made(form).run_validation(parameters)
    except serializers.ValidationError as error:
        raise BadInput(*_first(error.detail)) from None
    _check_voices(_made(form).voices, values, application)
    return values


def terms(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those values that are terms of a binding."""
    return {name: value for name, value in values.items() if name in TERMS}


def area_code(values: Mapping[str, Any]) -> str:
    """Return the area to select a number in, "" for none; an X that is named makes it irrelevant. Raises BadInput.

    A code we do not know is a city without numbers, not a fault.
    """
    if values.get("x") or "area_code" not in values:
        return ""
    sent: str = values["area_code"]
    if not _AREA_CODE.fullmatch(sent):
        raise BadInput("areaCode", "is no area code, such as 0755 or 010")
    return areas.known(sent) or sent


def missing(name: str) -> BadInput:
    """Return the error for a parameter that is needed and absent."""
    return BadInput(name, MISSING)


def refuse_equal(numbers: Mapping[str, str | None]) -> None:
    """Raise BadInput when two of these numbers are one; it names the first parameter of the two."""
    seen: dict[str, str] = {}
    for name, number in numbers.items():
        if number and number in seen:
            raise BadInput(seen[number], f"is the same number as {name}")
        seen.setdefault(number or "", name)


# A form keeps nothing of what it reads, so one serves all requests; to make one costs more than to read.
@cache
def _made(form: type[Form]) -> Form:
    return form()


def _check_voices(named: Mapping[str, str], values: Mapping[str, Any], application: Application) -> None:
    wanted = {source: values[source] for source in named if values.get(source)}
    if not wanted:
        return
    usable = voices.approved(application.account_id, wanted.values())
    for source, name in wanted.items():
        if name not in usable:
            raise BadInput(named[source], "is no approved voice file of the account")


def _first(detail: Any) -> tuple[str, str]:
    name, problem = next(_problems(detail, ""))
    return name or "body", problem


def _problems(detail: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for inner, more in detail.items():
            own = inner == "non_field_errors"
            yield from _problems(more, name if own else f"{name}.{inner}" if name else str(inner))
    else:
        for problem in detail:
            yield name, str(problem)
