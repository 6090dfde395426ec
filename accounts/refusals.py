"""The ways a signed request is refused: code, HTTP status and text of northbound.md 9.1."""

from enum import StrEnum

from accounts.principals import Principal
from common.errors import MasklineError


class Step(StrEnum):
    """The checks in the order they are made (northbound.md 9, "We check")."""

    FORM = "form"
    LOCKOUT = "lockout"
    KEY = "key"
    STATE = "state"
    ADDRESS = "address"
    TIME = "time"
    DIGEST = "digest"


# The text of 1023011 says app_key where the value must be Appkey: that is how the vendor prints it.
# 1023032 is the twin of 1023013, by the sequence of the numbers around it; the vendor's pages do not show it.
REFUSALS: dict[str, tuple[Step, int, str]] = {
    "1023006": (Step.FORM, 400, "Authorization not contained in the HTTP header."),
    "1023007": (Step.FORM, 400, "realm not contained in Authorization."),
    "1023008": (Step.FORM, 400, "profile not contained in Authorization."),
    "1023009": (Step.FORM, 400, "The value of realm in Authorization must be SDP."),
    "1023010": (Step.FORM, 400, "The value of profile in Authorization must be UsernameToken."),
    "1023011": (Step.FORM, 400, "The value of type in Authorization must be app_key."),
    "1023012": (Step.FORM, 400, "type not contained in Authorization."),
    "1023013": (Step.FORM, 400, "WSSE not contained in Authorization."),
    "1023026": (Step.FORM, 400, "X-WSSE not contained in the HTTP header."),
    "1023027": (Step.FORM, 400, "Username not contained in X-WSSE."),
    "1023028": (Step.FORM, 400, "Nonce not contained in X-WSSE."),
    "1023029": (Step.FORM, 400, "Created not contained in X-WSSE."),
    "1023030": (Step.FORM, 400, "PasswordDigest not contained in X-WSSE."),
    "1023031": (Step.FORM, 400, "The format of Created in X-WSSE is Incorrect."),
    "1023032": (Step.FORM, 400, "AKSK not contained in Authorization."),
    "1023033": (Step.FORM, 400, "HTTP header not found X-AKSK field."),
    "1023034": (Step.FORM, 400, "UserName not contained in X-AKSK."),
    "1023035": (Step.FORM, 400, "Nonce not contained in X-AKSK."),
    "1023036": (Step.FORM, 400, "Created not contained in X-AKSK."),
    "1023037": (Step.FORM, 400, "PasswordDigest not contained in X-AKSK."),
    "1023038": (Step.FORM, 400, "The format of Created in X-AKSK is Incorrect."),
    "1020176": (Step.LOCKOUT, 403, "Authentication failed, try again later"),
    "1010003": (Step.KEY, 403, "Invalid app_key."),
    "1010008": (Step.STATE, 403, "The status of the app_key is unavailable."),
    "1020166": (Step.ADDRESS, 403, "The app client ip is not in ip white list."),
    "1010013": (Step.TIME, 401, "Time out limit."),
    "1010010": (Step.DIGEST, 401, "Invalid digest."),
}


class Refused(MasklineError):
    """A request is not authenticated: the code and text of the answer, its HTTP status, and the check that failed.

    `detail` says what is known of the fault, for the log of requests only: the answer stays the documented one. `key`
    is the app_key as sent, as far as it was read, and `principal` whose it is.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        self.step, self.http_status, self.description = REFUSALS[code]
        self.code = code
        self.detail = detail
        self.key = ""
        self.principal: Principal | None = None
        super().__init__(f"{code} {self.description}")
