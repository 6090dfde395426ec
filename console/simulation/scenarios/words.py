"""What the phrases of a scenario mean: "A calls X", "B is busy", "CDR 3:00:00 later". Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta

from common.errors import BadInput
from console.simulation.failures import FAILURES, Failure

NAME = r"[A-Z][A-Za-z0-9]{0,11}"
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})")
_CALLS = re.compile(rf"({NAME}) calls ({NAME})")
_WRITES = re.compile(rf"({NAME}) writes to ({NAME})")
_BOUND = re.compile(rf"({NAME})(?: with ({NAME}))? on ({NAME})")
_REACHES = re.compile(rf"({NAME}) reaches ({NAME})")
_NUMBER = re.compile(rf"({NAME}) is (.+)")
_ANSWERS = re.compile(rf"(?:{NAME} )?answers after (\d+) s, talks (?:(\d+) s|until stopped)")
_LATE = re.compile(r"CDR (.+) later")
_ORDER = re.compile(r"events in the order (.+)")
_BRACED = re.compile(rf"\{{({NAME})\}}")
_PARTLY = re.compile(r"partly sent: (\d+) of (\d+) parts")

_BY_CODE = {failure.state_code: failure for failure in FAILURES}
# How a call that was put through fails: the phrase, with or without who does it, and its stateCode.
ENDINGS = {
    "is busy": 8102,
    "does not answer": 8101,
    "refuses": 7503,
    "rejects": 7504,
    "is powered off": 8104,
    "cannot be reached": 8103,
    "is out of service": 8105,
    "does not exist": 8100,
    "hangs up while ringing": 7502,
    "hangs up before ringing": 7501,
    "is never connected": 8035,
}
BEFORE_EXTENSION = "hangs up before the extension"
STATUSES = {
    "normal": ("5", ""),
    "suspended": ("9", ""),
    "frozen for new bindings": ("11", ""),
    "unusable: deleted": ("10", "1"),
    "unusable: arrears": ("10", "2"),
    "unusable: stopped": ("10", "3"),
    "unusable: barred": ("10", "5"),
}
EVENTS = ("callin", "collectInfo", "callout", "alerting", "answer", "disconnect")
ONLY_EVENTS, ONLY_CDR, TWICE, BACKWARDS = "only events", "only the CDR", "everything twice", "events backwards"
CDR_FIRST = "CDR before the events"
RESULTS = {"sent": 0, "all parts failed": 10}


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of a call that is put through. `talk` None of an answered call: until it is stopped."""

    answered: bool = False
    rings: int = 0
    talk: int | None = None
    failure: Failure | None = None
    gives_up: bool = False  # before the extension is dialled


@dataclass(frozen=True, slots=True)
class Reports:
    """How a call is reported: which records, in which order, how often, and how much later the CDR comes."""

    events: bool = True
    cdr: bool = True
    order: tuple[str, ...] = ()
    times: int = 1
    cdr_first: bool = False
    cdr_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Sending:
    """How an SMS is sent on: its sendResult, and the parts where only some are sent."""

    result: int
    parts: int | None = None
    sent: int | None = None


def clock(text: str) -> timedelta:
    """Return a time such as 0:10 or 3:00:00. Raises BadInput."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise BadInput("", 'is no time: write "0:10" (minutes:seconds) or "3:00:00"')
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def call(text: str) -> tuple[str, str]:
    """Return who calls which number. Raises BadInput."""
    return _two(_CALLS, text, '"A calls X"')


def message(text: str) -> tuple[str, str]:
    """Return who writes to which number. Raises BadInput."""
    return _two(_WRITES, text, '"A writes to X"')


def callee(text: str) -> tuple[str, str]:
    """Return whose calls reach whom. Raises BadInput."""
    return _two(_REACHES, text, '"A reaches B"')


def binding(text: str) -> tuple[str, str, str]:
    """Return A, B ("" for none) and the number. Raises BadInput."""
    found = _match(_BOUND, text, '"A with B on X", or "A on X"')
    return found[1], found[2] or "", found[3]


def number_status(text: str) -> tuple[str, str, str]:
    """Return a number with its status and cause as the wire writes them (pushes.md 5). Raises BadInput."""
    found = _match(_NUMBER, text, '"X is suspended"')
    if found[2] not in STATUSES:
        raise BadInput("", f"knows no {found[2]!r}: a number is {', '.join(STATUSES)}")
    return found[1], *STATUSES[found[2]]


def course(text: str) -> Course:
    """Return what becomes of a call. Raises BadInput."""
    if found := _ANSWERS.fullmatch(text):
        return Course(answered=True, rings=int(found[1]), talk=int(found[2]) if found[2] else None)
    ending = re.sub(rf"^{NAME} ", "", text)
    if ending == BEFORE_EXTENSION:
        return Course(gives_up=True)
    if ending not in ENDINGS:
        known = ", ".join(f'"B {one}"' for one in (*ENDINGS, BEFORE_EXTENSION))
        raise BadInput("", f'is unknown: write "B answers after 8 s, talks 74 s", or one of {known}')
    return Course(failure=_BY_CODE[ENDINGS[ending]])


def reports(phrases: list[str]) -> Reports:
    """Return how a call is reported. Raises BadInput."""
    made: dict[str, object] = {}
    for phrase in phrases:
        made |= _report(phrase)
    return Reports(**made)  # type: ignore[arg-type]  # names and types of _report


def braced(text: str) -> list[str]:
    """Return the names that stand in braces: "…@{B}"."""
    return _BRACED.findall(text)


def sending(text: str) -> Sending:
    """Return how an SMS is sent on. Raises BadInput."""
    if text in RESULTS:
        return Sending(RESULTS[text])
    found = _match(_PARTLY, text, '"sent", "all parts failed" or "partly sent: 1 of 2 parts"')
    return Sending(9, int(found[2]), int(found[1]))


def _report(phrase: str) -> dict[str, object]:
    plain: dict[str, dict[str, object]] = {
        ONLY_EVENTS: {"cdr": False},
        ONLY_CDR: {"events": False},
        TWICE: {"times": 2},
        BACKWARDS: {"order": EVENTS[::-1]},
        CDR_FIRST: {"cdr_first": True},
    }
    if phrase in plain:
        return plain[phrase]
    if found := _LATE.fullmatch(phrase):
        return {"cdr_after": clock(found[1])}
    if found := _ORDER.fullmatch(phrase):
        order = tuple(re.split(r"\s*,\s*", found[1]))
        if set(order) <= set(EVENTS):
            return {"order": order}
    known = ", ".join(f'"{one}"' for one in (*plain, "CDR 3:00:00 later", "events in the order disconnect, callin"))
    raise BadInput("", f"is unknown: write some of {known}")


def _two(pattern: re.Pattern[str], text: str, example: str) -> tuple[str, str]:
    found = _match(pattern, text, example)
    return found[1], found[2]


def _match(pattern: re.Pattern[str], text: str, example: str) -> re.Match[str]:
    found = pattern.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise BadInput("", f"is unknown: write {example}")
    return found
