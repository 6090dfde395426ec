"""The password digests of the wire format (northbound.md 1.1 and 1.2). Pure: text in, digest out."""

import base64
import hashlib
import hmac
from typing import Literal

Generation = Literal["WSSE", "AKSK"]


def aksk(nonce: str, created: str, secret: str) -> str:
    """Return Base64(HMAC-SHA256(secret, Nonce + Created)), the digest of generation 2."""
    return _base64(hmac.digest(secret.encode(), (nonce + created).encode(), "sha256"))


def wsse(nonce: str, created: str, secret: str) -> str:
    """Return Base64(SHA-256(Nonce + Created + secret)) over the raw bytes, the digest of generation 1."""
    return _base64(hashlib.sha256((nonce + created + secret).encode()).digest())


def wsse_hex(nonce: str, created: str, secret: str) -> str:
    """Return the second form of generation 1: Base64 over the lower-case hex of the same hash."""
    return _base64(hashlib.sha256((nonce + created + secret).encode()).hexdigest().encode())


def matches(generation: Generation, digest: str, nonce: str, created: str, secret: str) -> bool:
    """Return whether `digest` is right, in a time that does not tell how much of it is."""
    given = digest.encode()
    if generation == "AKSK":
        return hmac.compare_digest(given, aksk(nonce, created, secret).encode())
    raw = hmac.compare_digest(given, wsse(nonce, created, secret).encode())
    return hmac.compare_digest(given, wsse_hex(nonce, created, secret).encode()) or raw


def content(body: bytes) -> str:
    """Return the lower-case hex SHA-256 of a body, as X-Content-SHA256 carries it."""
    return hashlib.sha256(body).hexdigest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
