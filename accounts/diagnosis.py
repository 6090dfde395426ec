"""What is known of a refused signature, in words for the log of requests. Pure, and never part of an answer.

Written for whoever has to mend a client: how far its clock is off and which zone that fits, or how its digest was made.
"""

import base64
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from accounts import digests
from accounts.headers import Credentials

HALF_AN_HOUR = 1800
FURTHEST_ZONE = 14 * 3600
WRONG_SECRET = "wrong secret, or not made of nonce + Created as sent"


def clock(ahead: timedelta, skew: timedelta) -> str:
    """Say how far Created is from our clock, and which zone's time it is if it fits one ("fits UTC+8")."""
    seconds = round(ahead.total_seconds())
    text = f"clock off by {seconds:,} s; {round(skew.total_seconds())} s are allowed"
    zone = round(seconds / HALF_AN_HOUR) * HALF_AN_HOUR
    if zone and abs(zone) <= FURTHEST_ZONE and abs(seconds - zone) <= skew.total_seconds():
        hours, rest = divmod(abs(zone), 3600)
        text += f"; fits UTC{'+' if zone > 0 else '-'}{hours}{':30' if rest else ''}"
    return text


def content(credentials: Credentials, body: bytes) -> str:
    """Say what is wrong with X-Content-SHA256, "" when nothing is."""
    if credentials.content_sha256 and credentials.content_sha256.lower() != digests.content(body):
        return "X-Content-SHA256 is not the SHA-256 of the body"
    return ""


def digest(credentials: Credentials, secret: str) -> str:
    """Say how a wrong digest was made, as far as it can be told."""
    lower, bare = (replace(credentials, content_sha256=form) for form in (credentials.content_sha256.lower(), ""))
    for told, made_of in (("", credentials), ("", lower), (", without X-Content-SHA256", bare)):
        for name, value in _mistakes(made_of, secret):
            if hmac.compare_digest(value.encode(), credentials.digest.encode()):
                return name + (told if credentials.content_sha256 else "")
    return WRONG_SECRET


def _mistakes(credentials: Credentials, secret: str) -> Iterator[tuple[str, str]]:
    """Give the digests that clients make by mistake, each with its name; without a mistake: the right one."""
    nonce, created = credentials.nonce + credentials.content_sha256, credentials.created
    hmac_form, sha_form = digests.aksk(nonce, created, secret), digests.wsse(nonce, created, secret)
    if credentials.generation == "AKSK":
        yield "right digest", hmac_form
        yield "other generation: SHA-256 (WSSE) under X-AKSK", sha_form
        yield "other generation: SHA-256 (WSSE) in hex under X-AKSK", digests.wsse_hex(nonce, created, secret)
    else:
        yield "right digest", sha_form
        yield "other generation: HMAC-SHA256 (AKSK) under X-WSSE", hmac_form
    for name, value in (("HMAC-SHA256", hmac_form), ("SHA-256", sha_form)):
        raw = base64.b64decode(value)
        yield f"{name} in hex, not in Base64", raw.hex()
        yield f"Base64 of the hex of {name}", base64.b64encode(raw.hex().encode()).decode()
    yield "Created before nonce", digests.aksk(created, nonce, secret)
    yield "Created before nonce", digests.wsse(created, nonce, secret)
