"""Sounds for tests, and storages that lie in the test's own folder."""

from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from privacy import wav
from privacy.models import VoiceFile

__all__ = ["stores"]

SECOND = bytes(range(256)) * 31 + b"\xd5" * 64


def a_law(samples: bytes = SECOND) -> bytes:
    """Return a good voice file; one second unless told."""
    return wav.riff(wav.A_LAW, 8, samples)


def make_voice(account: Account, name: str = "hello.wav", state: str = "approved", **fields: Any) -> VoiceFile:
    """Return a voice file's row, without a sound in the storage."""
    facts = {"stored_as": f"{account.pk}/{name}", "size": 8050, "milliseconds": 1000, "sha256": "0" * 64}
    return VoiceFile.objects.create(account=account, name=name, state=state, **{**facts, **fields})


@pytest.fixture
def stores(settings: Any, tmp_path: Path) -> Path:
    """The storages "voices" and "recordings" in folders of these names under the path given."""
    ours = {name: settings.STORAGES[name] for name in ("voices", "recordings")}
    moved = {name: {**one, "OPTIONS": {**one["OPTIONS"], "location": tmp_path / name}} for name, one in ours.items()}
    settings.STORAGES = {**settings.STORAGES, **moved}
    return tmp_path
