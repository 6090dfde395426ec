"""What the scenarios of test calls, the URLs they are pushed to and the customer's answer are called."""

from typing import Any

from django.utils.translation import get_language, gettext_lazy

from privacy import causes

SCENARIOS = {
    "answered": gettext_lazy("A call is answered; 74 seconds are talked"),
    "busy": gettext_lazy("The callee is busy"),
    "no_answer": gettext_lazy("It rings and nobody answers"),
    "refused": gettext_lazy("The callee refuses the call"),
    "caller_hangs_up": gettext_lazy("The caller hangs up while it rings"),
    "powered_off": gettext_lazy("The callee's phone is off"),
    "not_bound": gettext_lazy("Nothing is bound on the number dialled"),
    "x_mode": gettext_lazy("Mode X: your server is asked where the call goes"),
    "sms": gettext_lazy("An SMS is forwarded"),
    "sms_failed": gettext_lazy("An SMS cannot be sent"),
    "number_status": gettext_lazy("A number is suspended and normal again"),
}
URL_FIELDS = {
    "call_status_url": gettext_lazy("call-status URL"),
    "callin_url": gettext_lazy("callin URL"),
    "cdr_url": gettext_lazy("CDR URL"),
    "sms_url": gettext_lazy("SMS notification URL"),
    "number_status_url": gettext_lazy("number status URL"),
}
OPERATIONS = {
    "connect": gettext_lazy("It connects the call."),
    "close": gettext_lazy("It ends the call."),
}
PROBLEMS = {
    "silent": gettext_lazy("It could not be reached, said nothing in time, or did not answer with HTTP 200."),
    "unreadable": gettext_lazy("Its answer is none that is documented."),
    "callee": gettext_lazy("Its answer names a callee that cannot be called."),
    "user_data": gettext_lazy("Its answer's userData holds braces, Chinese or other signs that are not allowed."),
}
STATES = {
    "queued": gettext_lazy("queued"),
    "delivered": gettext_lazy("delivered"),
    "failed": gettext_lazy("failed"),
}


def scenario(code: str) -> str:
    """Return what is played, in words."""
    return str(SCENARIOS.get(code, code))


def answer(said: dict[str, Any] | None) -> dict[str, str]:
    """Return what the customer's server said, in words: the answer itself, and what it makes of the call."""
    if not said:
        return {}
    text = PROBLEMS.get(said["problem"]) or OPERATIONS.get(said["operation"], said["operation"])
    code = int(said["state_code"])
    cause = causes.state(code) if code else None
    outcome = f"{code} · {cause.sentence(get_language() or 'en')}" if cause else ""
    return {"said": str(text), "outcome": outcome, "callee": str(said.get("callee", ""))}
