"""Why something failed (pushes.md 4.2.1, 5, 6): for each code a sentence, whose side it lies on, and what to do next.

`codes.csv` is the table, `cures.csv` what to do; both in English and Chinese. A code that no table has is None: pages
show it raw, and the operator finds it in a list. Languages are named as Django does ("zh-hans"): what begins with "zh"
is Chinese, all others get English.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
STATE, RELEASE, Q850, SIP = "state", "release", "q850", "sip"
# The cure of causes that say nothing by themselves.
LOOK_FURTHER = "look_q850"
SEND_RESULT, NUMBER_STATUS, NUMBER_CAUSE = "send_result", "number_status", "number_cause"
# Whose side: the two people, the customer's program, the customer's account and its settings, us, the carrier.
SIDES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "nobody": ("nobody: all went well", "无异常"),
        "caller": ("the caller", "主叫"),
        "callee": ("the callee", "被叫"),
        "customer": ("the customer's program", "客户程序"),
        "tenant": ("the customer's account", "客户账户"),
        "platform": ("the platform", "平台"),
        "carrier": ("the carrier", "运营商"),
    }
)
# stateCode: (Q.850, SIP) that go with it in practice (pushes.md 6.3).
PAIRS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {
        7502: (16, 487), 7503: (21, 603), 7504: (21, 403), 8035: (102, 408), 8100: (1, 404), 8101: (19, 480),
        8102: (17, 486), 8103: (20, 480), 8104: (20, 480), 8105: (27, 480),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """One code in words."""

    table: str
    code: int
    side: str
    _sentences: tuple[str, str]
    _cures: tuple[str, str]
    # Says no more than "it failed": another code beside it tells why.
    vague: bool = False

    def sentence(self, lang: str) -> str:
        """Return what happened, as one sentence."""
        return _in(lang, self._sentences)

    def side_words(self, lang: str) -> str:
        """Return whose side it lies on, in words."""
        return _in(lang, SIDES[self.side])

    def cure(self, lang: str) -> str:
        """Return what to do next."""
        return _in(lang, self._cures)

    @property
    def well(self) -> bool:
        """Whether nothing went wrong."""
        return self.side == "nobody"


def state(code: int) -> Cause | None:
    """Return a stateCode of a disconnect (pushes.md 6.1)."""
    return _of(STATE, code)


def release(code: int) -> Cause | None:
    """Return a release point, ulFailReason (pushes.md 6.2): its own codes, those of 6.1, else a raw SIP status."""
    own = _exact.get((RELEASE, code)) or _exact.get((STATE, code)) or _of(RELEASE, code)
    return own or sip(code)


def q850(code: int) -> Cause | None:
    """Return a Q.850 cause, fwdUnaswRsn (pushes.md 6.3)."""
    return _of(Q850, code)


def sip(code: int) -> Cause | None:
    """Return a SIP status of a failure, 400 to 699."""
    return _of(SIP, code)


def send_result(code: int) -> Cause | None:
    """Return the result of an SMS (pushes.md 4.2.1)."""
    return _of(SEND_RESULT, code)


def number_status(code: int) -> Cause | None:
    """Return the status of a number (pushes.md 5)."""
    return _of(NUMBER_STATUS, code)


def number_cause(code: str | int) -> Cause | None:
    """Return why a number is unusable (pushes.md 5); the wire has it as text."""
    text = str(code)
    return _of(NUMBER_CAUSE, int(text)) if text.isascii() and text.isdecimal() else None


LOOK_UP: Mapping[str, Callable[[int], Cause | None]] = MappingProxyType(
    {
        STATE: state, RELEASE: release, Q850: q850, SIP: sip, SEND_RESULT: send_result,
        NUMBER_STATUS: number_status, NUMBER_CAUSE: number_cause,
    }
)  # fmt: skip


def of_failure(
    state_code: int | None, release_point: int | None, q850_cause: int | None, sip_status: int | None
) -> Cause | None:
    """Return the one cause that tells most of a failed call: the most exact code that is known, 0 says nothing."""
    given = ((state, state_code), (release, release_point), (q850, q850_cause), (sip, sip_status))
    known = [cause for look_up, code in given if code and (cause := look_up(code)) is not None]
    return next((cause for cause in known if not (cause.vague or cause.well)), known[0] if known else None)


def description(code: int) -> str:
    """Return the stateDesc that goes with a stateCode: English, as the wire has it; "" for an unknown code."""
    if code == 0:
        return "The user releases the call."
    known = state(code)
    return known.sentence("en") if known else ""


def every(table: str) -> list[Cause]:
    """Return the causes of a table in the order of their codes; a range stands for its first code."""
    found = [cause for (name, _code), cause in _exact.items() if name == table]
    return sorted([*found, *(cause for _first, _last, cause in _ranges.get(table, ()))], key=lambda cause: cause.code)


def _of(table: str, code: int) -> Cause | None:
    found = _exact.get((table, code))
    if found is not None:
        return found
    spans = _ranges.get(table, ())
    return next((cause for first, last, cause in spans if first <= code <= last), None)


def _in(lang: str, texts: tuple[str, str]) -> str:
    return texts[1 if lang.startswith("zh") else 0]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _read() -> tuple[dict[tuple[str, int], Cause], dict[str, list[tuple[int, int, Cause]]]]:
    cures = {row["cure"]: (row["en"], row["zh"]) for row in _rows("cures.csv")}
    exact: dict[tuple[str, int], Cause] = {}
    ranges: dict[str, list[tuple[int, int, Cause]]] = {}
    for row in _rows("codes.csv"):
        first, dash, last = row["code"].partition("-")
        table, code = row["table"], int(first)
        texts = (row["en"], row["zh"])
        cause = Cause(table, code, row["side"], texts, cures[row["cure"]], row["cure"] == LOOK_FURTHER)
        if dash:
            ranges.setdefault(table, []).append((code, int(last), cause))
        else:
            exact[table, code] = cause
    return exact, ranges


_exact, _ranges = _read()
