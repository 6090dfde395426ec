"""What can be played, and what somebody wants played."""

import hashlib
from dataclasses import dataclass

from accounts.models import Application
from common.errors import BadInput
from common.phone import E164
from privacy import parties
from privacy.models import Holding
from privacy.numbers import telling

# The X of test calls: of a range that is given to nobody.
TEST_NUMBER = "+8617000000000"
CALLER, CALLEE, TEXT = "+8613900000001", "+8613900000002", "This is a test."
# The numbers of every test: no person has them.
NOBODYS = (TEST_NUMBER, CALLER, CALLEE)
LONGEST_USER_DATA, LONGEST_TEXT = 256, 1000
X = Application.Mode.X
CALL, SMS, STATUS = "call", "sms", "number"


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a test goes. `code`: the stateCode of a call or the sendResult of an SMS; `rings`: whether it rings."""

    kind: str
    code: int = 0
    rings: bool = True
    connected: bool = True
    mode: str = ""


SCENARIOS: dict[str, Scenario] = {
    "answered": Scenario(CALL),
    "busy": Scenario(CALL, 8102, rings=False),
    "no_answer": Scenario(CALL, 8101),
    "refused": Scenario(CALL, 7503),
    "caller_hangs_up": Scenario(CALL, 7502),
    "powered_off": Scenario(CALL, 8104, rings=False),
    "not_bound": Scenario(CALL, connected=False),
    "x_mode": Scenario(CALL, mode=X),
    "sms": Scenario(SMS),
    "sms_failed": Scenario(SMS, 10),
    "number_status": Scenario(STATUS),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be played: numbers and texts that are left out are those of every test."""

    scenario: str
    caller: str = ""
    callee: str = ""
    x: str = ""
    user_data: str | None = None
    text: str = ""

    def digest(self) -> str:
        """Return what tells this from another wish under the same key."""
        parts = (self.scenario, self.caller, self.callee, self.x, self.user_data or "", self.text)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def check(application: Application, wanted: Wanted) -> None:
    """Refuse what cannot be played. Raises BadInput naming the field and the cure."""
    scenario = SCENARIOS.get(wanted.scenario)
    if scenario is None:
        raise BadInput("scenario", f"is none of {', '.join(SCENARIOS)}")
    if scenario.mode and application.mode != scenario.mode:
        raise BadInput("scenario", f"is for applications of mode {scenario.mode}; this one has {application.mode}")
    for name in ("caller", "callee"):
        number = getattr(wanted, name)
        if number and not parties.is_callable(number):
            raise BadInput(name, "is no real number in global format")
    if wanted.x and wanted.x != TEST_NUMBER and not _holds(application, wanted.x):
        raise BadInput("x", f"is none of the application's numbers; leave it out for {TEST_NUMBER}")
    if wanted.user_data and len(wanted.user_data) > LONGEST_USER_DATA:
        raise BadInput("user_data", f"is longer than {LONGEST_USER_DATA} characters")
    if len(wanted.text) > LONGEST_TEXT:
        raise BadInput("text", f"is longer than {LONGEST_TEXT} characters")
    if scenario.kind == STATUS and not application.push_number_status:
        raise BadInput("push_number_status", "is off, so no number status is pushed", "have it switched on")
    fields = url_fields(application, wanted.scenario)
    if not any(getattr(application, name) for name in fields):
        raise BadInput(fields[0], "is not set, so nothing can be pushed", "have it set for the application")


def url_fields(application: Application, scenario: str) -> list[str]:
    """Return the fields of the application that hold the URLs a scenario pushes to, the most needed first."""
    match SCENARIOS[scenario].kind:
        case "sms":
            return ["sms_url"]
        case "number":
            url = telling.status_url(application)
            return ["call_status_url" if url and not application.number_status_url else "number_status_url"]
    return ["call_status_url", "cdr_url"]


def missing_urls(application: Application, scenario: str) -> list[str]:
    """Return the fields with no URL: what they would be told is not queued."""
    return [name for name in url_fields(application, scenario) if not getattr(application, name)]


def _holds(application: Application, x: str) -> bool:
    return (
        bool(E164.fullmatch(x))
        and Holding.objects.filter(application=application, number__number=x, valid_to=None).exists()
    )
