"""What states, kinds and reasons of pushes are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import reasons
from notifications.models import Attempt, Endpoint, Push

Result = Attempt.Result
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
# As a list shows them.
TROUBLE_FIRST = (Endpoint.State.DISABLED, Endpoint.State.FAILING, Endpoint.State.PAUSED, Endpoint.State.ACTIVE)
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


# What can be done about a failure: by its result, and for refusals by the HTTP status.
CURES = {
    Result.TIMEOUT: gettext_lazy("The server has 10 seconds: it should answer first and do its work after that."),
    Result.UNREACHABLE: gettext_lazy("Check the host, the port and the firewall of the server."),
    Result.TLS: gettext_lazy("Put a valid certificate with its whole chain on the server."),
    Result.FORBIDDEN: gettext_lazy("Set a URL that is reachable from the internet, on a port for web servers."),
    Result.BAD_ANSWER: gettext_lazy("What listens at this URL is no web server, or answers wrongly. Check the URL."),
}
ON_ANY_2XX = gettext_lazy("The server took it, but HTTP 200 alone counts. An operator can have any 2xx count.")
ON_REDIRECT = gettext_lazy("Redirects are not followed. Set the URL that the server redirects to.")
ON_SIGNATURE = gettext_lazy("The server did not accept the signature or our address. Compare the secret on both sides.")
ON_NO_PATH = gettext_lazy("Nothing takes pushes at this URL. Check its path.")
ON_GONE = gettext_lazy("The server wants no more of it. Check the URL, then resume the endpoint.")
ON_REFUSAL = gettext_lazy("The server refuses this push; its answer and its own log say why.")
ON_FAULT = gettext_lazy("The fault is within the customer's server; its own log says more. We try again by ourselves.")


def is_left_alone(endpoint: Endpoint) -> bool:
    """Return whether the breaker is open: also while one push tries the endpoint."""
    return endpoint.closed_until is not None and endpoint.state in (Endpoint.State.ACTIVE, Endpoint.State.FAILING)


def held(endpoint: Endpoint) -> str:
    """Return why nothing is sent to an endpoint just now; "" when something is."""
    if endpoint.state == Endpoint.State.PAUSED:
        return _("The endpoint is paused.")
    if endpoint.state == Endpoint.State.DISABLED:
        return _("The endpoint is disabled.")
    if is_left_alone(endpoint):
        return _("The endpoint is left alone because it failed again and again; one push tries it each 15 seconds.")
    return ""


def cure(attempt: Attempt, endpoint: Endpoint) -> str:
    """Return what can be done about a failed attempt."""
    status = attempt.http_status or 0
    if attempt.result != Result.REFUSED:
        return str(CURES.get(Result(attempt.result), ""))
    if 200 <= status < 300:
        return "" if endpoint.any_2xx else str(ON_ANY_2XX)
    by_status: dict[int, str | Promise] = {
        401: ON_SIGNATURE,
        403: ON_SIGNATURE,
        404: ON_NO_PATH,
        405: ON_NO_PATH,
        410: ON_GONE,
    }
    by_hundred: dict[int, str | Promise] = {3: ON_REDIRECT, 4: ON_REFUSAL, 5: ON_FAULT}
    return str(by_status.get(status) or by_hundred.get(status // 100, ""))


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
