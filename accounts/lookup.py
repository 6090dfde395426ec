"""The keyed hash that stands for a text where an index or a comparison must not hold it: record ids, fingerprints.

Its key is kept in the database, sealed under the writing data key. So data keys may be rotated and dropped, and the
same record is still known as the same.
"""

import hmac
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings

from accounts.models import LookupKey
from common.keyring import LOOKUP_HASH_BYTES, keyring

Hasher = Callable[[str], bytes]


def hasher() -> Hasher:
    """Return the function that gives 16 bytes of HMAC-SHA256 for a text; the key is read once a process."""
    return _hasher(settings.MASKLINE_DATA_KEY)


def keep() -> None:
    """Keep the key the hashes are made with, if it is not kept yet: that of the last data key."""
    LookupKey.objects.get_or_create(pk=1, defaults={"secret": keyring().lookup_key()})


@lru_cache(maxsize=8)
def _hasher(data_key: str) -> Hasher:
    kept = LookupKey.objects.first()
    blank = hmac.new(bytes(kept.secret) if kept else keyring().lookup_key(), digestmod="sha256")

    def lookup_hash(text: str) -> bytes:
        keyed = blank.copy()
        keyed.update(text.encode())
        return keyed.digest()[:LOOKUP_HASH_BYTES]

    return lookup_hash
