"""What became of a request, in plain words: which check failed, what is known of it, and the cure.

The log keeps codes and short English remarks (accounts.diagnosis, the door); people read sentences in their language.
"""

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusals import REFUSALS, Step
from privacy.models import ApiRequest

FLOW, FORBIDDEN = "flow", 403
STEPS = {
    Step.FORM.value: gettext_lazy("header"),
    Step.LOCKOUT.value: gettext_lazy("lock-out"),
    Step.KEY.value: gettext_lazy("app_key"),
    Step.STATE.value: gettext_lazy("state"),
    Step.ADDRESS.value: gettext_lazy("address"),
    Step.TIME.value: gettext_lazy("clock"),
    Step.DIGEST.value: gettext_lazy("digest"),
    FLOW: gettext_lazy("flow control"),
}
SUBJECTS = {
    "calls": gettext_lazy("call"),
    "recordings": gettext_lazy("recording"),
    "test": gettext_lazy("test call"),
}
VERBS = {
    "bind": gettext_lazy("bind"),
    "unbind": gettext_lazy("unbind"),
    "modify": gettext_lazy("modify"),
    "query": gettext_lazy("query"),
    "callee": gettext_lazy("temporary callee"),
    "stop": gettext_lazy("stop"),
    "address": gettext_lazy("download address"),
    "play": gettext_lazy("play"),
    "list": gettext_lazy("list"),
}
SIGNATURE_STEPS = tuple(step.value for step in Step)
# Codes after the signature (northbound.md 9). A code may stand for more than one cause.
CODES = {
    "0": gettext_lazy("Done."),
    "1010001": gettext_lazy("Something failed on our side; the operator finds it in the log by the request id."),
    "1010002": gettext_lazy("A parameter is missing or wrong."),
    "1010006": gettext_lazy("This address takes no such method (POST, PUT, GET, DELETE)."),
    "1010029": gettext_lazy("The account is in arrears, or the number is suspended or frozen for new bindings."),
    "1010040": gettext_lazy("The application has another mode than this address serves, or has none of its bindings."),
    "1011006": gettext_lazy("Too many requests came from one address at once."),
    "1011001": gettext_lazy("The X named is not one of the application's numbers."),
    "1011002": gettext_lazy("No number is left to select in this area. Order numbers, or allow other cities."),
    "1011003": gettext_lazy("A has five X already. Unbind one first."),
    "1011004": gettext_lazy("Nothing is bound under this id or these numbers."),
    "1011005": gettext_lazy("The X named is bound already. Name another, or let the platform select."),
    "1012001": gettext_lazy("The X named is not one of the application's numbers, or nothing is bound there."),
    "1012007": gettext_lazy("Nothing is found under this id, number or file name."),
    "1012008": gettext_lazy("No number is left that is free for these parties, or the X named is full."),
    "1012010": gettext_lazy("A or B is bound on this X already. Unbind that first, or use another X."),
    "1012102": gettext_lazy("The X named is blacklisted or cannot be used now."),
    "1013102": gettext_lazy("A is bound on this X already."),
    "1016001": gettext_lazy("Nothing is bound under this id or these numbers."),
    "1016002": gettext_lazy("A is bound to this X already."),
    "1020150": gettext_lazy("The app_key is invalid."),
    "1020152": gettext_lazy("The call is over, unknown, or another application's."),
    "1020167": gettext_lazy("The extension is occupied, or the X has none left."),
}
REFUSED = {
    Step.LOCKOUT.value: gettext_lazy(
        "Too many wrong digests came from this address with this app_key: it is locked out for a while."
    ),
    Step.KEY.value: gettext_lazy("Nobody has this app_key. Check Username and the environment."),
    Step.STATE.value: gettext_lazy("The application is suspended."),
    Step.ADDRESS.value: gettext_lazy("The address is not on the application's list of allowed addresses."),
    Step.TIME.value: gettext_lazy("Created is too far from our clock."),
    Step.DIGEST.value: gettext_lazy("The digest is wrong."),
}
WRONG_SECRET = gettext_lazy(
    "The digest fits no way of making it with our secret: the secret is another one, or it was not made of nonce and "
    "Created as sent."
)
MISTAKES = {
    "wrong secret, or not made of nonce + Created as sent": WRONG_SECRET,
    "right digest": gettext_lazy("The digest was made without X-Content-SHA256: it is folded into the nonce."),
    "Created before nonce": gettext_lazy("The digest was made of Created and nonce: the nonce comes first."),
    "X-Content-SHA256 is not the SHA-256 of the body": gettext_lazy(
        "X-Content-SHA256 is not the SHA-256 of the body that came."
    ),
    "X-Content-SHA256 is required and missing": gettext_lazy(
        "The application requires X-Content-SHA256 and it is missing."
    ),
    "answered as the first time (Idempotency-Key)": gettext_lazy(
        "The same Idempotency-Key and body came before: answered as the first time, nothing was done again."
    ),
}
CLOCK = re.compile(r"clock off by (-?[0-9,]+) s; ([0-9]+) s are allowed(?:; fits (UTC[+-][0-9:]+))?")
USED = re.compile(r"this header was used ([0-9,]+) s ago.*")
LISTED = re.compile(r"(\S+) is not on the list of ([0-9]+)")
GENERATION = re.compile(r"other generation: (.+) under (X-\w+)(.*)")
HEX = re.compile(r"(HMAC-SHA256|SHA-256) in hex, not in Base64.*|Base64 of the hex of (HMAC-SHA256|SHA-256).*")
BEIJING = "UTC+8"
ANSWERED = frozenset(text for _step, _status, text in REFUSALS.values())


def explained(row: ApiRequest) -> str:
    """Return what became of a request in one or two sentences."""
    if row.step == FLOW:
        return _flow(row)
    if row.step == Step.FORM.value:
        text = REFUSALS[row.code][2] if row.code in REFUSALS else row.detail
        return _("The headers are not as they must be: %(text)s") % {"text": text}
    known = detail(row.detail)
    if row.step in REFUSED:
        return known if known and known != row.detail else f"{REFUSED[row.step]} {known}".strip()
    if row.code == "1010002" and row.parameter:
        return _("The parameter %(name)s is missing or wrong.") % {"name": row.parameter}
    text = str(CODES.get(row.code, "")) or _("Refused with HTTP status %(status)s.") % {"status": row.http_status}
    return f"{text} {known}".strip()


def meaning(code: str, http_status: int) -> str:
    """Return what a result code means, whatever the request: for a table of results."""
    # 1010010 is a wrong digest as 401, flow control as 403.
    if code in REFUSALS and not (code == "1010010" and http_status == FORBIDDEN):
        step, _status, text = REFUSALS[code]
        return str(REFUSED.get(step.value, "")) or _("The headers are not as they must be: %(text)s") % {"text": text}
    return _("The application sent too many requests at once.") if code == "1010010" else str(CODES.get(code, ""))


def operation_name(operation: str) -> str:
    """Return an operation as people call it: "axb.bind" is AXB bind."""
    subject, _dot, verb = operation.partition(".")
    return f"{SUBJECTS.get(subject, subject.upper())} {VERBS.get(verb, verb)}"


def step_name(step: str) -> str:
    """Return a check in a word or two."""
    return str(STEPS.get(step, step))


def detail(text: str) -> str:
    """Return what the log remarks in a sentence of the person's language; an unknown remark as it is.

    Nothing for one that only repeats the answer's text: the code's own sentence says it.
    """
    if text in ANSWERED:
        return ""
    base = text.removesuffix(", without X-Content-SHA256")
    if base in MISTAKES:
        return str(MISTAKES[base])
    for pattern, sentence in SENTENCES:
        if found := pattern.fullmatch(text):
            return sentence(found)
    return text


def _flow(row: ApiRequest) -> str:
    if row.code == "1011006":
        return _("Too many requests came from this address at once. Try again after the seconds of Retry-After.")
    return _("The application sent too many requests at once. Try again after the seconds of Retry-After.")


def _clock(found: re.Match[str]) -> str:
    off, allowed, zone = found.groups()
    seconds, values = off.removeprefix("-"), {"seconds": off.removeprefix("-"), "allowed": allowed, "zone": zone}
    if zone == BEIJING:
        return _("The sender's clock is %(seconds)s s off: it sends Beijing time. Created must be UTC.") % values
    if zone:
        return _("The sender's clock is %(seconds)s s off: it sends %(zone)s time. Created must be UTC.") % values
    if off == seconds:
        return _("The sender's clock is %(seconds)s s ahead of ours; %(allowed)s s are allowed.") % values
    return _("The sender's clock is %(seconds)s s behind ours; %(allowed)s s are allowed.") % values


def _used(found: re.Match[str]) -> str:
    values = {"seconds": found[1]}
    return _("This header was used %(seconds)s s ago: each request needs a nonce and Created of its own.") % values


def _listed(found: re.Match[str]) -> str:
    values = {"address": found[1], "n": found[2]}
    return _("%(address)s is not among the %(n)s addresses that are allowed for the application.") % values


def _generation(found: re.Match[str]) -> str:
    values = {"form": found[1], "header": found[2]}
    return _("The digest is of the other generation: %(form)s came under %(header)s.") % values


def _hex(found: re.Match[str]) -> str:
    values = {"form": found[1] or found[2]}
    return _("The digest is the hexadecimal form of %(form)s; it must be the Base64 of the raw bytes.") % values


SENTENCES: list[tuple[re.Pattern[str], Callable[[Any], str]]] = [
    (CLOCK, _clock),
    (USED, _used),
    (LISTED, _listed),
    (GENERATION, _generation),
    (HEX, _hex),
]
