"""The identity of records: inserted first, so that each is stored once however often and by how many it is sent."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from privacy.models.arrivals import Kind
from privacy.storing import bulk
from privacy.storing.candidates import Candidate


class Stored(NamedTuple):
    """What is known of a record that is stored already."""

    usage_id: UUID
    fingerprint: bytes


def insert(upstream_id: int, source_id: int, kind: Kind, candidates: Sequence[Candidate]) -> set[bytes]:
    """Insert the records that are not there yet; return their keys. Waits for others inserting the same ones."""
    if not candidates:
        return set()
    in_order = sorted(candidates, key=lambda candidate: candidate.key)
    rows = bulk.run(
        "insert_records",
        {
            "upstream": upstream_id,
            "source": source_id,
            "kind": int(kind),
            "keys": [candidate.key for candidate in in_order],
            "ids": [candidate.id for candidate in in_order],
            "fingerprints": [candidate.fingerprint for candidate in in_order],
        },
    )
    return {key for (key,) in rows}


def find(upstream_id: int, kind: Kind, keys: Iterable[bytes]) -> dict[bytes, Stored]:
    """Return the stored records with these keys."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = bulk.run("find_records", {"upstream": upstream_id, "kind": int(kind), "keys": wanted})
    return {key: Stored(usage_id, fingerprint) for key, usage_id, fingerprint in rows}
