"""Data directories of their own for tests that kill things."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.services.layout import Layout
from tests.startup.holders import Holder, end_all


@pytest.fixture
def layout() -> Iterator[Layout]:
    """Return an empty data directory; whatever still runs on it is stopped at the end."""
    top = Path(tempfile.mkdtemp(prefix="maskline-"))
    layout = Layout(top / "var", "test")
    yield layout
    end_all(layout)
    shutil.rmtree(top, ignore_errors=True)


@pytest.fixture
def hold(layout: Layout) -> Iterator[Callable[[], Holder]]:
    """Return a function that starts a process using the servers of `layout`."""
    holders: list[Holder] = []

    def start() -> Holder:
        holders.append(Holder(layout.root))
        return holders[-1]

    yield start
    for holder in holders:
        holder.end()
