"""Codes in the words of the person who looks: causes (privacy.causes), items, kinds, and why usage waits."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from privacy import causes
from privacy.causes import Cause
from privacy.models import Number
from privacy.numbers.telling import BINDING_FROZEN, NORMAL, SUSPENDED, UNUSABLE

SMS_CHARGEABLE = (0, 9)
# A number's status as the wire has it, in the words of our states.
STATUSES = {
    NORMAL: Number.State.NORMAL,
    SUSPENDED: Number.State.SUSPENDED,
    UNUSABLE: Number.State.UNUSABLE,
    BINDING_FROZEN: Number.State.BINDING_FROZEN,
}
ITEMS: dict[str, str | Promise] = {
    "call": gettext_lazy("Call"),
    "sms": gettext_lazy("SMS"),
    "rental": gettext_lazy("Rental"),
    "package": gettext_lazy("Package"),
    "unanswered": gettext_lazy("Unanswered call"),
    "reversal": gettext_lazy("Reversal"),
    "adjustment": gettext_lazy("Adjustment"),
}
# Why usage waits in the queue (billing/sql/settlement.sql).
BLOCKED: dict[str, str | Promise] = {
    "no_price": gettext_lazy("no price is valid for its time"),
    "parts_unknown": gettext_lazy("the number of parts is unknown"),
    "original_not_charged": gettext_lazy("what it takes back was never charged"),
}


TABLES: dict[str, str | Promise] = {
    causes.STATE: gettext_lazy("Hang-up reason of an event (stateCode)"),
    causes.RELEASE: gettext_lazy("Release point of a CDR (ulFailReason)"),
    causes.Q850: gettext_lazy("Q.850 cause of a CDR"),
    causes.SIP: gettext_lazy("SIP status of a CDR"),
    causes.NUMBER_CAUSE: gettext_lazy("Cause of a number's status"),
}


def language() -> str:
    """Return the language of the person, as privacy.causes wants it."""
    return get_language() or "en"


def sentence(cause: Cause | None, code: int | str | None) -> str:
    """Return a cause as a sentence; a code that no table has is shown raw, none is ""."""
    if cause is not None:
        return cause.sentence(language())
    return "" if code is None or code == "" else _("code %(code)s") % {"code": code}


def table(name: str) -> str:
    """Return what kind of code a table of causes explains."""
    return str(TABLES.get(name, name))


def hang_up(code: int | None) -> str:
    """Return the stateCode of an event as a sentence."""
    return _said(causes.state, code)


def release_point(code: int | None) -> str:
    """Return the release point of a CDR as a sentence."""
    return _said(causes.release, code)


def q850(code: int | None) -> str:
    """Return a Q.850 cause as a sentence; "" for none (0 means "does not apply")."""
    return _said(causes.q850, code or None)


def sms_result(code: int | None) -> str:
    """Return the result of a message as a sentence."""
    return _said(causes.send_result, code) or _("no result yet")


def number_status(code: int | None) -> str:
    """Return the status of a number in words."""
    state = STATUSES.get(code or 0)
    return str(state.label) if state else sentence(None, code)


def number_cause(code: str) -> str:
    """Return the cause of a number's status as a sentence; "" for none."""
    return sentence(causes.number_cause(code), code)


def number_causes(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Return causes as choices of a form, in the person's language: call it when the form is made."""
    return [(code, number_cause(code)) for code in codes]


def outcome(call: Any) -> str:
    """Return what became of a call in one phrase: answered, or why not."""
    if call.answered_at:
        return _("answered")
    given = (call.release_reason, call.unanswered_reason, call.sip_status)
    raw = next((code for code in given if code), None)
    return sentence(causes.of_failure(None, *given), raw) or _("not answered")


def talk_seconds(call: Any) -> int | None:
    """Return the whole seconds between answer and end, as charged before rounding up; None when not answered."""
    if not call.answered_at or not call.ended_at:
        return None
    return int((call.ended_at - call.answered_at) / timedelta(seconds=1))


def _said(look_up: Callable[[int], Cause | None], code: int | None) -> str:
    return "" if code is None else sentence(look_up(code), code)
