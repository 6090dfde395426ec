"""Compile locale/*/LC_MESSAGES/*.po with polib: msgfmt is not on every machine."""

import errno
import os
from pathlib import Path

import polib

_NOT_OURS_TO_WRITE = {errno.EACCES, errno.EPERM, errno.EROFS}


def compile_stale(locale: Path) -> list[Path]:
    """Write each .mo that is missing or older than its .po; return those written. A folder we may not write is left."""
    written = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        try:
            _compile(source, target)
        except OSError as error:
            if error.errno not in _NOT_OURS_TO_WRITE:
                raise
        else:
            written.append(target)
    return written


def _compile(source: Path, target: Path) -> None:
    # Under another name first: a web server that is just starting reads a whole file or the old one.
    scratch = target.with_suffix(f".{os.getpid()}")
    polib.pofile(str(source)).save_as_mofile(str(scratch))
    scratch.replace(target)
