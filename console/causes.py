"""Cause codes in words (pushes.md 4.2.1, 5 and 6). An unknown code is shown as its number."""

from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Words = dict[int, str | Promise]

EVENTS = ("callin", "collectInfo", "callout", "alerting", "answer", "disconnect")
SMS_CHARGEABLE = (0, 9)

# pushes.md 6.1 and 6.2: hang-up reasons of events and release points of CDRs share their codes.
HANG_UP: Words = {
    0: gettext_lazy("hung up after the call was connected"),
    522: gettext_lazy("the platform had no free voice port"),
    7001: gettext_lazy("frequency control of the developer"),
    7002: gettext_lazy("frequency control of the application"),
    7003: gettext_lazy("frequency control of the displayed number"),
    7004: gettext_lazy("the callee is blacklisted"),
    7005: gettext_lazy("the caller is blacklisted"),
    7100: gettext_lazy("the application does not exist"),
    7101: gettext_lazy("the application has no number"),
    7102: gettext_lazy("internal error of the platform"),
    7103: gettext_lazy("the caller's number is missing"),
    7104: gettext_lazy("the AX binding is missing"),
    7105: gettext_lazy("the business type does not match"),
    7106: gettext_lazy("the application may not use privacy numbers"),
    7107: gettext_lazy("the safety prompt could not be played"),
    7108: gettext_lazy("the account is frozen"),
    7109: gettext_lazy("the tenant had no free voice port"),
    7500: gettext_lazy("the prefix is restricted"),
    7501: gettext_lazy("the caller hung up before the callee rang"),
    7502: gettext_lazy("the caller hung up while the callee rang"),
    7503: gettext_lazy("the callee refused"),
    7504: gettext_lazy("rejected: refused, do not disturb, or blocked by the phone"),
    7505: gettext_lazy("network trouble on the caller's side"),
    7506: gettext_lazy("network trouble on the callee's side"),
    7507: gettext_lazy("the voice file is missing"),
    7508: gettext_lazy("no route"),
    7516: gettext_lazy("the caller hung up before the transfer"),
    8002: gettext_lazy("the far end returned a failure tone"),
    8006: gettext_lazy("the voice file of the X mode is missing"),
    8007: gettext_lazy("the last-minute prompt failed"),
    8008: gettext_lazy("collecting digits failed"),
    8009: gettext_lazy("the caller hung up before the connection"),
    8010: gettext_lazy("the longest duration was reached"),
    8011: gettext_lazy("internal error of the platform"),
    8012: gettext_lazy("the app_key is invalid"),
    8013: gettext_lazy("AX is bound but has no temporary callee"),
    8014: gettext_lazy("no binding for this call"),
    8015: gettext_lazy("the recording failed"),
    8016: gettext_lazy("the binding does not allow this direction"),
    8017: gettext_lazy("the customer's server ordered to hang up"),
    8018: gettext_lazy("no permission, or no AX binding"),
    8019: gettext_lazy("there is no call-back record"),
    8020: gettext_lazy("the service was in trouble"),
    8022: gettext_lazy("the binding is missing or expired"),
    8023: gettext_lazy("a landline may not call"),
    8024: gettext_lazy("the real caller may not be displayed"),
    8025: gettext_lazy("the dialled X number does not exist"),
    8030: gettext_lazy("the AXYB binding does not exist"),
    8031: gettext_lazy("no Y number could be allocated"),
    8032: gettext_lazy("the caller dialled the number bound to himself"),
    8033: gettext_lazy("the extension was empty"),
    8035: gettext_lazy("connecting timed out"),
    8040: gettext_lazy("internal error of the platform"),
    8041: gettext_lazy("the recording failed"),
    8042: gettext_lazy("incoming international calls are restricted"),
    8043: gettext_lazy("outgoing international calls are restricted"),
    8044: gettext_lazy("control of abnormal talk time"),
    8046: gettext_lazy("control of an abnormal connect rate"),
    8047: gettext_lazy("frequency control of the caller"),
    8048: gettext_lazy("frequency control of the callee"),
    8049: gettext_lazy("frequency control of the business number"),
    8050: gettext_lazy("outside the calling hours"),
    8051: gettext_lazy("the sub-enterprise is suspended"),
    8055: gettext_lazy("the X number cannot be used"),
    8056: gettext_lazy("dial-test number control"),
    8057: gettext_lazy("call direction control"),
    8100: gettext_lazy("the callee's number does not exist"),
    8101: gettext_lazy("no answer"),
    8102: gettext_lazy("the callee was busy"),
    8103: gettext_lazy("the callee could not be reached"),
    8104: gettext_lazy("the callee's phone was off"),
    8105: gettext_lazy("the callee's line is out of service"),
    8139: gettext_lazy("internal error of the platform"),
}

# pushes.md 6.3: the Q.850 causes people meet.
Q850: Words = {
    1: gettext_lazy("number not found"),
    3: gettext_lazy("no route to the destination"),
    16: gettext_lazy("normal clearing"),
    17: gettext_lazy("user busy"),
    18: gettext_lazy("no response"),
    19: gettext_lazy("no answer"),
    20: gettext_lazy("user unreachable"),
    21: gettext_lazy("rejected"),
    22: gettext_lazy("number changed"),
    27: gettext_lazy("destination out of order"),
    28: gettext_lazy("invalid number format"),
    31: gettext_lazy("normal"),
    34: gettext_lazy("route unreachable"),
    38: gettext_lazy("network out of order"),
    41: gettext_lazy("temporary failure"),
    42: gettext_lazy("equipment congestion"),
    47: gettext_lazy("no resource"),
    102: gettext_lazy("timed out"),
    127: gettext_lazy("interworking"),
}

# pushes.md 4.2.1.
SMS: Words = {
    0: gettext_lazy("sent"),
    1: gettext_lazy("account frozen"),
    2: gettext_lazy("no binding"),
    3: gettext_lazy("X number suspended"),
    4: gettext_lazy("not a commercial application"),
    5: gettext_lazy("internal error"),
    6: gettext_lazy("discarded at the customer's order"),
    7: gettext_lazy("discarded: the customer did not answer in time"),
    8: gettext_lazy("blacklisted"),
    9: gettext_lazy("partly sent"),
    10: gettext_lazy("all parts failed"),
    11: gettext_lazy("the X number has no SMS"),
    12: gettext_lazy("the required keyword is missing"),
    13: gettext_lazy("forbidden words"),
}

# pushes.md 5.
NUMBER_STATUS: Words = {
    5: gettext_lazy("normal"),
    9: gettext_lazy("suspended"),
    10: gettext_lazy("unusable"),
    11: gettext_lazy("binding frozen"),
}
NUMBER_CAUSE: dict[str, str | Promise] = {
    "1": gettext_lazy("deleted"),
    "2": gettext_lazy("arrears"),
    "3": gettext_lazy("stopped"),
    "5": gettext_lazy("barred by the carrier"),
    "6": gettext_lazy("barring lifted"),
    "7": gettext_lazy("unconditional forwarding on"),
    "8": gettext_lazy("forwarding on no answer on"),
    "9": gettext_lazy("forwarding on busy on"),
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

NUMBER_KINDS: dict[str, str | Promise] = {
    "virtual": gettext_lazy("Virtual operator"),
    "carrier": gettext_lazy("Carrier"),
}

# Why usage waits in the queue (billing/sql/settlement.sql).
BLOCKED: dict[str, str | Promise] = {
    "no_price": gettext_lazy("no price is valid for its time"),
    "parts_unknown": gettext_lazy("the number of parts is unknown"),
    "original_not_charged": gettext_lazy("what it takes back was never charged"),
}


def hang_up(code: int | None) -> str:
    """Return a hang-up reason in words."""
    return _words(HANG_UP, code)


def outcome(call: Any) -> str:
    """Return what became of a call in one phrase: answered, or why not."""
    if call.answered_at:
        return _("answered")
    if call.release_reason:
        return hang_up(call.release_reason)
    return q850(call.unanswered_reason) or _("not answered")


def q850(code: int | None) -> str:
    """Return a Q.850 cause in words; "" for none (0 means "does not apply")."""
    return _words(Q850, code) if code else ""


def sms_result(code: int | None) -> str:
    """Return the result of a message in words."""
    return _words(SMS, code) or _("no result yet")


def number_status(code: int | None) -> str:
    """Return the status of a number in words."""
    return _words(NUMBER_STATUS, code)


def number_cause(code: str) -> str:
    """Return the cause of a number's status in words; "" for none."""
    return str(NUMBER_CAUSE.get(code, code))


def talk_seconds(call: Any) -> int | None:
    """Return the whole seconds between answer and end, as charged before rounding up; None when not answered."""
    if not call.answered_at or not call.ended_at:
        return None
    return int((call.ended_at - call.answered_at) / timedelta(seconds=1))


def _words(table: Words, code: int | None) -> str:
    if code is None:
        return ""
    return str(table[code]) if code in table else _("code %(code)s") % {"code": code}
