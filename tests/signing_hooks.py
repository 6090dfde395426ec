"""Hooks of schemathesis (SCHEMATHESIS_HOOKS): each request is signed by an application of the path's mode, or by the
upstream, unless a test is about the signature itself; and most numbers it makes up become numbers that there are.
"""

import base64
import hmac
import re
import time
import uuid
import zlib
from typing import Any

import schemathesis

Case = schemathesis.Case[Any]
E164 = re.compile(r"\+[0-9]{6,15}")

# The demo's (docs/examples/demo.json).
SIGNERS = {
    "/rest/provision/caas/": ("demoAppKey02", "demoAppSecret02"),
    "/rest/caas/privatenumber/": ("demoAppKey02", "demoAppSecret02"),
    "/rest/caas/extendnumber/": ("demoAppKey03", "demoAppSecret03"),
    "/rest/omp/": ("demoAppKey04", "demoAppSecret04"),
    "/upstream/": ("switch1", "switch1Secret"),
    "/switch/": ("switch1", "switch1Secret"),
    "/api/v1/": ("corpAppKey01", "corpAppSecret01"),
    "/": ("demoAppKey01", "demoAppSecret01"),
}
NUMBERS = {
    "relationNum": ["+8617100000001", "+8617100000002"],
    "privateNum": [f"+86171000000{place}" for place in range(13, 21)],
    "virtualNum": ["+8617100000021", "+8617100000022"],
    "yNum": ["+8617100000028", "+8617100000029"],
    "x": [f"+86171000000{place:02}" for place in range(1, 38)],
}
PARTIES = [f"+861380000{place:04}" for place in range(200)]


@schemathesis.auth(refresh_interval=None)
class Signed:
    """Signs in generation 2."""

    def get(self, case: Case, context: schemathesis.AuthContext) -> tuple[str, str]:
        """Return who signs this path."""
        return next(signer for path, signer in SIGNERS.items() if context.operation.path.startswith(path))

    def set(self, case: Case, data: tuple[str, str], context: schemathesis.AuthContext) -> None:
        """Write both headers."""
        key, secret = data
        headers: Any = case.headers
        nonce, created = uuid.uuid4().hex, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if zlib.crc32(str(headers.get("X-Content-SHA256")).encode()) % 16:
            # A digest that schemathesis makes up is never the body's, and nothing beyond the signature would be tried.
            headers.pop("X-Content-SHA256", None)
        folded = nonce + str(headers.get("X-Content-SHA256") or "").strip().lower()
        digest = base64.b64encode(hmac.digest(secret.encode(), (folded + created).encode(), "sha256")).decode()
        headers["Authorization"] = 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"'
        headers["X-AKSK"] = (
            f'UsernameToken Username="{key}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"'
        )


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Let three in four requests be about our numbers and real parties, or all of them would end at the first check."""
    for values in (case.query, case.body):
        if isinstance(values, dict):
            _make_real(case.operation.path, values)


def _make_real(path: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        chance = zlib.crc32(f"{name}{value}".encode())
        if not chance % 4:
            continue
        if name == "app_key":
            values[name] = "demoAppKey04"
        elif name == "areaCode" and isinstance(value, str):
            values[name] = ("0755", "010", "0571", "020")[chance % 3]
        elif isinstance(value, str) and E164.fullmatch(value):
            known = NUMBERS.get(name, PARTIES)
            values[name] = known[chance % len(known)]
    if path.startswith("/rest/omp/") and "relationNum" in values:
        values["relationNum"] = "+8617100000027"
