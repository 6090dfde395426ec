"""The hosts that an upstream lists: recordings are fetched from these only (Upstream.recording_hosts)."""

from collections.abc import Sequence

from common import egress


def is_listed(url: str, hosts: Sequence[str]) -> bool:
    """Return whether an address may be asked: its host stands in the list (host, or host:port for another port)."""
    try:
        target = egress.read(url)
    except egress.Forbidden:
        return False
    named = f"[{target.host}]" if ":" in target.host else target.host
    usual = target.port == egress.SCHEMES[target.scheme]
    return f"{named}:{target.port}" in hosts or (usual and named in hosts)
