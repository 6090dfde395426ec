"""What states, kinds and reasons of pushes are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from notifications import reasons
from notifications.models import Attempt, Endpoint, Push

GOOD, WARN, BAD, INFO, NONE = "good", "warn", "bad", "info", ""
WAITING, DELIVERED, DEAD, PARKED = "waiting", "delivered", "dead", "parked"
STATES: dict[str, tuple[str | Promise, str]] = {
    WAITING: (gettext_lazy("waiting"), INFO),
    DELIVERED: (gettext_lazy("delivered"), GOOD),
    DEAD: (gettext_lazy("given up"), BAD),
    PARKED: (gettext_lazy("set aside"), WARN),
}
QUEUED = {Push.State.PENDING: WAITING, Push.State.DEAD: DEAD, Push.State.PARKED: PARKED}
ENDPOINTS = {
    Endpoint.State.ACTIVE: GOOD,
    Endpoint.State.FAILING: WARN,
    Endpoint.State.PAUSED: WARN,
    Endpoint.State.DISABLED: BAD,
}
# Where each kind of push goes: the application's field, what is sent there, the field it falls back to.
URLS = [
    ("call_status_url", gettext_lazy("Call events"), ""),
    ("callin_url", gettext_lazy("The event that a call came in (callin)"), "call_status_url"),
    ("cdr_url", gettext_lazy("CDRs"), ""),
    ("sms_url", gettext_lazy("SMS notifications"), ""),
    ("number_status_url", gettext_lazy("Number status"), "call_status_url"),
]
CHANGES = {
    "pause": (gettext_lazy("Pause"), gettext_lazy("Nothing is sent there until it is resumed.")),
    "resume": (gettext_lazy("Resume"), gettext_lazy("What waits is sent at once, each call in its order.")),
    "disable": (gettext_lazy("Disable"), gettext_lazy("Nothing is sent there until it is enabled.")),
    "enable": (gettext_lazy("Enable"), gettext_lazy("What waits is sent at once, each call in its order.")),
    "any-2xx": (
        gettext_lazy("Take any 2xx as success"),
        gettext_lazy("From the next attempt on every answer from 200 to 299 says that the push arrived."),
    ),
    "only-200": (
        gettext_lazy("Take only 200 as success"),
        gettext_lazy("From the next attempt on every answer but HTTP 200 is a failure, and the push is sent again."),
    ),
}
KEPT_72 = gettext_lazy(
    "The queue is kept. A push that has waited for 72 hours is given up; for 30 days it can be sent again."
)


def kind(code: str) -> str:
    """Return a kind of push in words."""
    return str(dict(Push.Kind.choices).get(code, code))


def reason(text: str) -> str:
    """Return why something failed, in the person's language and zone; the log keeps English."""
    return reasons.told(text)


def result(attempt: Attempt) -> tuple[str, str]:
    """Return what became of one request, in a word or two, and its level."""
    good = attempt.result == Attempt.Result.DELIVERED
    return str(attempt.get_result_display()), GOOD if good else BAD
