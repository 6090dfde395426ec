"""The keys that seal real numbers, bodies and secrets (`MASKLINE_DATA_KEY`).

Each data key has a short id and 64 random bytes, from which one subkey per purpose is
derived. The first key writes, all of them read, so a key is rotated by putting a new one
in front and sealing the old rows again. A sealed value names its key:

    1 byte length of the key id | key id | ciphertext
"""

import base64
import binascii
import hmac
import os
import re
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from common.errors import BadInput, WrongKey

KEY_BYTES = 64
NONCE_BYTES = 12
LOOKUP_HASH_BYTES = 16
FINGERPRINT_BYTES = 8
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
FORM = "use kid:base64 of 64 random bytes, several separated by commas"


class DataKey:
    """One data key: its id and the subkeys derived from it, one per purpose."""

    def __init__(self, kid: str, secret: bytes) -> None:
        self.kid = kid
        self.header = bytes([len(kid)]) + kid.encode("ascii")
        self.values = AESSIV(_derive(secret, "maskline value", 64))
        self.bodies = AESGCMSIV(_derive(secret, "maskline body", 32))
        self.lookup = _derive(secret, "maskline lookup", 32)
        self.fingerprint = _derive(secret, "maskline fingerprint", FINGERPRINT_BYTES)
        # The header is authenticated too, so that a value cannot be moved to another key id.
        self.associated = [self.header]

    def seal(self, plain: bytes) -> bytes:
        return self.header + self.values.encrypt(plain, self.associated)


class Keyring:
    """All live data keys, the writing one first."""

    def __init__(self, keys: list[DataKey]) -> None:
        self._keys = keys
        self._by_header = {key.header: key for key in keys}
        self._writer = keys[0]
        # The lookup hash must not change when a new key is put in front, for it is what
        # unique indexes hold: it stays with the oldest key until an offline rotation.
        self._lookup = hmac.new(keys[-1].lookup, digestmod="sha256")

    def seal(self, plain: bytes) -> bytes:
        """Return `plain` sealed under the writing key; the same text always gives the same bytes."""
        return self._writer.seal(plain)

    def seals(self, plain: bytes) -> list[bytes]:
        """Return every form in which `plain` may be stored, one per live key, for equality search."""
        return [key.seal(plain) for key in self._keys]

    def open(self, sealed: bytes) -> bytes:
        """Return the plain bytes of a value from `seal`. Raises WrongKey."""
        key, cipher = self._split(sealed)
        try:
            return key.values.decrypt(cipher, key.associated)
        except (InvalidTag, ValueError):
            raise _wrong(key.kid) from None

    def seal_body(self, plain: bytes) -> bytes:
        """Return `plain` sealed under the writing key, different each time (for bodies and secrets)."""
        key = self._writer
        nonce = os.urandom(NONCE_BYTES)
        return key.header + nonce + key.bodies.encrypt(nonce, plain, key.header)

    def open_body(self, sealed: bytes) -> bytes:
        """Return the plain bytes of a value from `seal_body`. Raises WrongKey."""
        key, cipher = self._split(sealed)
        try:
            return key.bodies.decrypt(cipher[:NONCE_BYTES], cipher[NONCE_BYTES:], key.header)
        except (InvalidTag, ValueError):
            raise _wrong(key.kid) from None

    def lookup_hash(self, text: str) -> bytes:
        """Return 16 bytes of HMAC-SHA256 that stand for `text` in unique indexes.

        It is made with a subkey of the last key in the list. What is stored uses
        `accounts.lookup` instead, which keeps that subkey when its key is taken away.
        """
        keyed = self._lookup.copy()
        keyed.update(text.encode())
        return keyed.digest()[:LOOKUP_HASH_BYTES]

    def lookup_key(self) -> bytes:
        """Return the subkey of `lookup_hash`, to be kept elsewhere before its key is taken away."""
        return self._keys[-1].lookup

    def fingerprints(self) -> dict[str, bytes]:
        """Return 8 bytes per key id that tell keys apart without giving them away."""
        return {key.kid: key.fingerprint for key in self._keys}

    def writes(self, sealed: bytes) -> bool:
        """Return whether `sealed` is already under the writing key (nothing to rotate)."""
        return sealed.startswith(self._writer.header)

    def _split(self, sealed: bytes) -> tuple[DataKey, bytes]:
        end = 1 + sealed[0] if sealed else 0
        key = self._by_header.get(sealed[:end])
        if key is None:
            raise _wrong(sealed[1:end].decode("ascii", "replace"))
        return key, sealed[end:]


def keyring() -> Keyring:
    """Return the keys of the setting MASKLINE_DATA_KEY. Raises BadInput when it is malformed."""
    return parse(settings.MASKLINE_DATA_KEY)


@lru_cache(maxsize=8)
def parse(text: str) -> Keyring:
    """Return the keyring written as `kid:base64(64 bytes)[,kid:...]`. Raises BadInput."""
    keys: dict[str, DataKey] = {}
    for position, part in enumerate(text.split(","), start=1):
        kid, _, encoded = part.strip().partition(":")
        # Never repeat the text here: it may be the secret itself.
        where = f"key {position}"
        if not KEY_ID.fullmatch(kid):
            raise _malformed(f"{where}: the id must be 1-16 letters, digits, - or _")
        if kid in keys:
            raise _malformed(f"{where}: the id {kid} is given twice")
        keys[kid] = DataKey(kid, _decode(encoded, where))
    return Keyring(list(keys.values()))


def _decode(encoded: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(f"{where}: not base64") from None
    if len(secret) != KEY_BYTES:
        raise _malformed(f"{where}: {len(secret)} bytes instead of {KEY_BYTES}")
    return secret


def _derive(secret: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length=length, salt=None, info=purpose.encode()).derive(secret)


def _malformed(problem: str) -> BadInput:
    return BadInput("MASKLINE_DATA_KEY", problem, FORM)


def _wrong(kid: str) -> WrongKey:
    return WrongKey(
        f'A stored value is sealed under the key "{kid}", which MASKLINE_DATA_KEY does not hold '
        "or holds with other bytes. Start with the key this database was written with."
    )
