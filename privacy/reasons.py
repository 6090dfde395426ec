"""Why a record is quarantined: one code each, its words, and whether it is tried again by itself."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

MISSING = "missing_field"
WRONG_TYPE = "wrong_type"
TOO_LONG = "too_long"
NUL = "nul_character"
BAD_TIME = "bad_time"
ABSURD_TIME = "absurd_time"
FUTURE = "in_the_future"
END_BEFORE_ANSWER = "end_before_answer"
NO_END = "answered_without_end"
OVER_A_DAY = "longer_than_24_hours"
UNKNOWN_EVENT = "unknown_event"
UNKNOWN_VALUE = "unknown_value"
UNKNOWN_APPLICATION = "unknown_application"
NOT_SERVED = "account_not_served"
WRONG_APPLICATION = "wrong_application"
UNKNOWN_NUMBER = "unknown_number"
NOT_HELD = "number_not_held"
UNKNOWN_SESSION = "unknown_session"
OTHER_CONTENT = "same_id_other_content"
POSSIBLE_DUPLICATE = "possible_duplicate"
DISCARDED_BEFORE = "discarded_before"

RETRYABLE = frozenset({UNKNOWN_APPLICATION, NOT_SERVED, UNKNOWN_NUMBER, NOT_HELD, UNKNOWN_SESSION, FUTURE})

LABELS: dict[str, StrPromise] = {
    MISSING: _("A field is missing"),
    WRONG_TYPE: _("A field has the wrong type"),
    TOO_LONG: _("A field is too long"),
    NUL: _("A field holds a NUL character"),
    BAD_TIME: _("A time cannot be read"),
    ABSURD_TIME: _("A time is before the year 2000"),
    FUTURE: _("A time is more than an hour in the future"),
    END_BEFORE_ANSWER: _("The call ended before it was answered"),
    NO_END: _("The call was answered but has no end"),
    OVER_A_DAY: _("The call is longer than 24 hours"),
    UNKNOWN_EVENT: _("The kind of event is unknown"),
    UNKNOWN_VALUE: _("A field has an unknown value"),
    UNKNOWN_APPLICATION: _("No application is known by its app_key"),
    NOT_SERVED: _("The upstream does not serve the account"),
    WRONG_APPLICATION: _("Signed for another application than it names"),
    UNKNOWN_NUMBER: _("The virtual number is unknown"),
    NOT_HELD: _("The application did not hold the virtual number at that time"),
    UNKNOWN_SESSION: _("Nothing tells yet whose event this is"),
    OTHER_CONTENT: _("A stored record has the same id and other content"),
    POSSIBLE_DUPLICATE: _("Another upstream delivered what looks like the same call"),
    DISCARDED_BEFORE: _("It was discarded before"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one record cannot be stored: a code of this module, the field of the wire, more words without numbers."""

    reason: str
    field: str = ""
    detail: str = ""

    @property
    def retryable(self) -> bool:
        """Return whether provisioning or a later record may cure it, or time itself."""
        return self.reason in RETRYABLE
