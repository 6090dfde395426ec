"""The pulse of a Celery worker: a file that its main process touches, whatever its tasks do.

Its heartbeat row waits behind tasks, up to ten minutes each; a main process that stands still shows here long before.
"""

import contextlib
from pathlib import Path

from config.services.layout import adopt

SECONDS = 15.0


def file(data_dir: Path, name: str) -> Path:
    """Return where the worker called `name` beats."""
    return data_dir / "locks" / f"{name}.pulse"


def beat(path: Path) -> None:
    """Beat once. Where bin/run is not used there may be no place for it, and nobody looks."""
    with contextlib.suppress(OSError):
        fresh = not path.exists()
        path.touch(mode=0o600)
        if fresh:
            adopt(path)


def last(path: Path) -> int | None:
    """Return something that is another after each beat; None before the first."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def forget(path: Path) -> None:
    """Forget the beats of a process that is gone."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
