"""Voice files: who may use which name in a binding."""

from collections.abc import Iterable

from privacy.models import VoiceFile


def approved(account_id: int, names: Iterable[str]) -> set[str]:
    """Return those of `names` that an account may use: uploaded by it and approved (northbound.md 9.1, 1010002)."""
    wanted = {name for name in names if name and "\0" not in name}
    if not wanted:
        return set()
    mine = VoiceFile.objects.filter(account=account_id, name__in=wanted, state=VoiceFile.State.APPROVED)
    return set(mine.values_list("name", flat=True))
