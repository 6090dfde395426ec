"""Does this process hold the keys this database was written with? A wrong key stops the start before it writes.

A key is noted when it begins to write here, by its id and a fingerprint that gives nothing away. `rotate_keys` takes
the note away once nothing is sealed under the key any more; then it may be left out of MASKLINE_DATA_KEY.
"""

from django.db import DatabaseError, connection

from accounts import lookup
from accounts.models import DataKey
from common.errors import WrongKey
from common.keyring import keyring

CURE = "Start with the MASKLINE_DATA_KEY this database was written with; without it no number in it can be read."


def verify_data_keys() -> list[str]:
    """Note the writing key, keep the lookup key; return the ids of all noted keys. Raises WrongKey for a wrong one.

    An empty database takes any key. Before the first migration there is nothing to verify.
    """
    if DataKey._meta.db_table not in connection.introspection.table_names():
        return []
    fingerprints = keyring().fingerprints()
    noted = {row.kid: bytes(row.fingerprint) for row in DataKey.objects.order_by("id")}
    for kid, fingerprint in noted.items():
        if kid not in fingerprints:
            raise WrongKey(f'This database was written with the key "{kid}", which is not in MASKLINE_DATA_KEY. {CURE}')
        if fingerprints[kid] != fingerprint:
            raise WrongKey(
                f'The key "{kid}" in MASKLINE_DATA_KEY is another than this database was written with. {CURE}'
            )
    writer, fingerprint = next(iter(fingerprints.items()))
    DataKey.objects.get_or_create(kid=writer, defaults={"fingerprint": fingerprint})
    lookup.keep()
    return [*noted, *([] if writer in noted else [writer])]


def verify_at_start() -> None:
    """Verify for a process that is about to serve. Raises WrongKey; a database that is away is met when needed."""
    try:
        verify_data_keys()
    except DatabaseError:
        pass
    finally:
        # What starts here may fork, or serve from other threads.
        connection.close()


def forget_all_but_the_writer() -> list[str]:
    """Take away the notes of keys that seal nothing any more; return their ids, which need not be kept."""
    writer = next(iter(keyring().fingerprints()))
    others = DataKey.objects.exclude(kid=writer)
    kids = list(others.order_by("id").values_list("kid", flat=True))
    others.delete()
    return kids
