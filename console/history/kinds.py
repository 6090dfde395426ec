"""By what each history can be searched. A kind turns the typed text into branches, each answered by one index."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from common import phone
from common.errors import BadInput
from common.keyring import keyring
from common.phone import E164
from privacy.models import Call, Number

Branches = Sequence[Q]
SESSIONS_AT_MOST = 200
MOBILE = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True)
class Kind:
    """One entry of the "search by" list."""

    label: str | Promise
    branches: Callable[[Scope, str], Branches]
    needs_range: bool = False


def equal(*fields: str) -> Callable[[Scope, str], Branches]:
    """Return branches that compare plain columns with the text."""
    return lambda _scope, text: [Q(**{field: text.strip()}) for field in fields]


def number(*fields: str) -> Callable[[Scope, str], Branches]:
    """Return branches for a real number in any of the columns, one for each form and each live data key."""

    def branches(_scope: Scope, text: str) -> Branches:
        forms = [sealed for form in forms_sent(phone.parse_typed(text)) for sealed in keyring().seals(form.encode())]
        return [Q(**{field: sealed}) for field in fields for sealed in forms]

    return branches


def forms_sent(number: str) -> list[str]:
    """Return the forms in which switches send a number, E.164 first: numbers are kept as they came.

    At home a mobile number is its 11 digits, a landline has its 0 before the area code; 86 comes without its plus too.
    """
    home = f"+{phone.HOME_COUNTRY}"
    if not (E164.fullmatch(number) and number.startswith(home)):
        return [number]
    national = number.removeprefix(home)
    return [number, national if MOBILE.fullmatch(national) else f"0{national}", number[1:]]


def sealed(field: str) -> Callable[[Scope, str], Branches]:
    """Return branches for a sealed text column."""
    return lambda _scope, text: [Q(**{field: value}) for value in keyring().seals(text.strip().encode())]


def x_number(scope: Scope, text: str) -> Branches:
    """Return branches for an X: its rows (a number issued again is a new row) in the person's scope."""
    rows = scope.rows(Number).filter(number=phone.parse_typed(text)).values_list("pk", flat=True)
    return [Q(number_id=pk) for pk in rows] or [Q(pk__in=[])]


def through_calls(field: str) -> Callable[[Scope, str], Branches]:
    """Return a branch for events of the sessions whose CDR has the text in `field` (events have no index on it)."""

    def branches(scope: Scope, text: str) -> Branches:
        calls = scope.rows(Call).filter(**{field: text.strip()}).order_by("-pk")
        sessions = calls.values_list("session_id", flat=True)[:SESSIONS_AT_MOST]
        return [Q(session_id__in=[session for session in sessions if session])]

    return branches


def anything(
    number_kind: Callable[[Scope, str], Branches], *others: Callable[[Scope, str], Branches]
) -> Callable[[Scope, str], Branches]:
    """Return branches for a text of any kind: our id, an X, a real number, and whatever the others look for."""

    def branches(scope: Scope, text: str) -> Branches:
        found = [branch for other in others for branch in other(scope, text)]
        if looks_like_number(text):
            # An order may be a number's digits; 10086 may be somebody's session id as well.
            return [*number_kind(scope, text), *x_number(scope, text), *found]
        try:
            return [Q(pk=uuid.UUID(text.strip())), *found]
        except ValueError:
            return found

    return branches


def looks_like_number(text: str) -> bool:
    """Return whether a person would call the text a phone number."""
    try:
        typed = phone.parse_typed(text)
    except BadInput:
        return False
    return bool(E164.fullmatch(typed)) or (typed.isdecimal() and 3 <= len(typed) <= 13)


ANYTHING = _("Anything")
NUMBER = _("Real number (A or B)")
X_NUMBER = _("X number")
SESSION = _("Session id")
RECORD = _("Record id")
BINDING = _("Binding id")
ORDER = _("User data (order)")
LAST_FOUR = _("Last four digits")

CALLS = {
    "any": Kind(
        ANYTHING,
        anything(
            number("caller_number", "destination_number"),
            equal("session_id", "record_id", "subscription_id"),
            sealed("user_data"),
        ),
    ),
    "number": Kind(NUMBER, number("caller_number", "destination_number")),
    "x": Kind(X_NUMBER, x_number),
    "session": Kind(SESSION, equal("session_id")),
    "record": Kind(RECORD, equal("record_id")),
    "binding": Kind(BINDING, equal("subscription_id")),
    "order": Kind(ORDER, sealed("user_data")),
    "last4": Kind(LAST_FOUR, lambda _scope, _text: [], needs_range=True),
}
EVENTS = {
    "any": Kind(
        ANYTHING,
        anything(
            number("caller_number", "called_number"),
            equal("session_id"),
            *(through_calls(field) for field in ("record_id", "subscription_id", "user_data")),
        ),
    ),
    "number": Kind(NUMBER, number("caller_number", "called_number")),
    "x": Kind(X_NUMBER, x_number),
    "session": Kind(SESSION, equal("session_id")),
    "record": Kind(RECORD, through_calls("record_id")),
    "binding": Kind(BINDING, through_calls("subscription_id")),
    "order": Kind(ORDER, through_calls("user_data")),
    "last4": Kind(LAST_FOUR, lambda _scope, _text: [], needs_range=True),
}
MESSAGES = {
    "any": Kind(ANYTHING, anything(number("calling_number", "called_number"), equal("sms_id"))),
    "number": Kind(NUMBER, number("calling_number", "called_number")),
    "x": Kind(X_NUMBER, x_number),
    "sms": Kind(_("SMS id"), equal("sms_id")),
    "binding": Kind(BINDING, equal("subscription_id"), needs_range=True),
    "last4": Kind(LAST_FOUR, lambda _scope, _text: [], needs_range=True),
}
STATUSES = {"x": Kind(X_NUMBER, x_number)}
