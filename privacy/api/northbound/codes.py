"""The result codes of the northbound API: HTTP status and text (northbound.md 9), and which one a refusal gets."""

from typing import NamedTuple

from accounts.refusals import REFUSALS
from common.errors import BadInput
from privacy.bindings import problems
from privacy.bindings.problems import BindingRefused, OwnNumber

INVALID, INTERNAL, FROZEN, WRONG_MODE, WRONG_METHOD = "1010002", "1010001", "1010029", "1010040", "1010006"
PLATFORM_FLOW, REQUESTER_FLOW = "1010010", "1011006"


class Answer(NamedTuple):
    """What a refused request is answered."""

    code: str
    http_status: int
    description: str


# 1010010 is here the flow control of 403; as 401 "Invalid digest." it is among accounts.refusals.
# 1010002 goes on with the parameter's name. Texts the vendor's pages cut off or do not show (1011004, 1012012,
# 1016002, 1023002) are ours.
TEXTS: dict[str, tuple[int, str]] = {
    **{code: (status, text) for code, (_, status, text) in REFUSALS.items()},
    "0": (200, "Success"),
    "1010001": (500, "Internal system error."),
    "1010002": (403, "Invalid request."),
    "1010004": (403, "The status of the app_key is unavailable."),
    "1010006": (403, "Invalid Rest API."),
    "1010010": (403, "The flow control upper limit is reached on the platform."),
    "1010029": (403, "The subscriber status is frozen."),
    "1010040": (403, "The app_key is not allowed to invoke the API."),
    "1011001": (403, "Account does not exist."),
    "1011002": (403, "Insufficient number resources."),
    "1011003": (403, "Exceeded the upper limit of resources that can be applied for."),
    "1011004": (403, "The resource has not been applied for."),
    "1011005": (403, "Resources have been allocated."),
    "1011006": (403, "Under traffic control status"),
    "1012001": (403, "Resource of number is not to be applied."),
    "1012007": (403, "The record does not exist."),
    "1012008": (403, "Insufficient number of resources"),
    "1012010": (403, "The relation number has been bound."),
    "1012012": (403, "Application does not have the number or the privilege."),
    "1012102": (403, "The number is contained in the blacklist."),
    "1013102": (403, "The extend number has been bound."),
    "1016001": (403, "The record does not exist."),
    "1016002": (403, "The record already exists."),
    "1020150": (403, "The app_key is invalid."),
    "1020151": (403, "The bindNum is invalid."),
    "1020152": (403, "Invalid sessionId."),
    "1020167": (403, "No idle extend Number."),
    "1023001": (500, "Internal error."),
    "1023002": (500, "Response timeout."),
}

# The same in every mode.
_COMMON: dict[type[BindingRefused], str] = {
    problems.NumberFrozen: "1010029",
    problems.NumberUnusable: "1012102",
    problems.ExtensionTaken: "1020167",
}
# By mode (northbound.md 9.2, 9.3, 9.4, 9.7). AX: an X that has this very A already is the duplicate record of 1016002.
_BY_MODE: dict[str, dict[type[BindingRefused], str]] = {
    "AX": {
        problems.NotYourNumber: "1011001",
        problems.NumberTaken: "1011005",
        problems.NumberFull: "1011005",
        problems.NoneLeft: "1011002",
        problems.TooManyNumbers: "1011003",
        problems.PartyBound: "1016002",
        problems.NoSuchBinding: "1016001",
    },
    "AXB": {
        problems.NotYourNumber: "1012001",
        problems.NumberTaken: "1012008",
        problems.NumberFull: "1012008",
        problems.NoneLeft: "1012008",
        problems.PartyBound: "1012010",
        problems.NoSuchBinding: "1012007",
    },
    "AXE": {
        problems.NotYourNumber: "1012001",
        problems.NumberTaken: "1012008",
        problems.NumberFull: "1020167",
        problems.NoneLeft: "1012008",
        problems.PartyBound: "1013102",
        problems.NoSuchBinding: "1012007",
    },
    "AXYB": {
        problems.NotYourNumber: "1012001",
        problems.NumberTaken: "1012008",
        problems.NumberFull: "1012008",
        problems.NoneLeft: "1012008",
        problems.TooManyNumbers: "1011003",
        problems.PartyBound: "1012010",
        problems.NoSuchBinding: "1016001",
    },
}
# What each mode calls the real numbers (northbound.md 3-6).
_PARTIES = {
    "AX": {"a": "origNum", "callee": "calleeNum"},
    "AXB": {"a": "callerNum", "b": "calleeNum"},
    "AXE": {"a": "bindNum", "callback_number": "callbackNum"},
    "AXYB": {"a": "origNum", "b": "origNum"},
}
# Unbinding what is not bound has codes of its own (northbound.md 3.3, 4.3).
_BY_OPERATION: dict[tuple[str, type[BindingRefused]], str] = {
    ("ax.unbind", problems.NoSuchBinding): "1011004",
    ("axb.unbind", problems.NoSuchBinding): "1012001",
    ("axe.unbind", problems.NoSuchBinding): "1012001",
}


def of_code(code: str, detail: str = "") -> Answer:
    """Return the answer with a code's status and text, and a detail after the text."""
    status, text = TEXTS[code]
    return Answer(code, status, f"{text} {detail}".strip())


def bad_party(problem: OwnNumber, mode: str) -> BadInput:
    """Return the error for a real number that is none, by its parameter in `mode`."""
    return BadInput(_PARTIES[mode][problem.party], "is one of the platform's own numbers")


def answer(problem: BindingRefused, mode: str, operation: str) -> Answer:
    """Return what a refused binding is answered in `mode`; operation is "axb.bind", "ax.unbind" and the like."""
    kind = type(problem)
    code = _BY_OPERATION.get((operation, kind)) or _COMMON.get(kind) or _BY_MODE[mode][kind]
    return of_code(code)
