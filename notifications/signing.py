"""What signs each request we send: the vendor's headers and Standard Webhooks (pushes.md 0, reliability.md 1). Pure.

The vendor's digest does not cover the body; `webhook-signature` does. Both are made anew for each attempt.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from accounts import digests
from common.errors import BadInput

CONTENT_TYPE = "application/json;charset=UTF-8"
PREFIX = "whsec_"


def vendor_headers(app_key: str, app_secret: str, *, nonce: str, at: datetime, wsse: bool) -> dict[str, str]:
    """Return the two headers of the wire format: the AKSK digest, or the older WSSE form."""
    generation = "WSSE" if wsse else "AKSK"
    created = _created(int(at.timestamp()))
    digest = (digests.wsse if wsse else digests.aksk)(nonce, created, app_secret)
    return {
        "Authorization": f'{generation} realm="SDP",profile="UsernameToken",type="Appkey"',
        f"X-{generation}": f'UsernameToken Username="{app_key}", PasswordDigest="{digest}", '
        f'Nonce="{nonce}", Created="{created}"',
    }


@lru_cache(maxsize=64)
def _created(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def webhook_headers(id: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of Standard Webhooks: one signature under each key. `id` is the same over all attempts.

    Raises BadInput for an id with a dot: it could be read as another id with another time.
    """
    if "." in id or not id.isascii():
        raise BadInput("id", "holds a dot or other letters than ASCII")
    seconds = str(int(at.timestamp()))
    signed = f"{id}.{seconds}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii") for key in keys)
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def webhook_key(secret: str) -> bytes:
    """Return the key of a secret: the bytes behind whsec_..., of an app_secret its own bytes."""
    return base64.b64decode(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()


def webhook_secret(app_secret: str) -> str:
    """Return an app_secret as verifying libraries of Standard Webhooks take it."""
    return PREFIX + base64.b64encode(webhook_key(app_secret)).decode("ascii")
