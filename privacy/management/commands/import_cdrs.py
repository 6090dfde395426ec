"""import_cdrs FILE: loads CDRs from JSON Lines or CSV (contract.md)."""

import codecs
import getpass
import io
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils.translation import gettext as _

from accounts.models import Upstream
from privacy.imports import import_file
from privacy.wire.files import BadLine

REPORT_EVERY_SECONDS = 5


class Command(BaseCommand):
    """Load CDRs from a file. The file is one transaction: all of it is stored, or nothing."""

    help = "Load CDRs from a file: JSON Lines (FeeInfo objects or fee pushes) or CSV with FeeInfo names as header."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--upstream", help="code of the upstream; may be left out when there is exactly one")
        parser.add_argument("--encoding", default="utf-8", help="encoding of the text (default utf-8)")
        parser.add_argument("--timezone", default="UTC", help="zone of times without one (default UTC)")
        parser.add_argument("--no-push", action="store_true", help="queue no pushes to customers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file and print what became of its records."""
        name = "standard input" if options["file"] == "-" else options["file"]
        upstream = _upstream(options["upstream"])
        zone = _zone(options["timezone"])
        encoding = _encoding(options["encoding"])
        with _opened(options["file"]) as file:
            try:
                outcome = import_file(
                    file,
                    name=Path(name).name,
                    upstream=upstream,
                    now=datetime.now(UTC),
                    encoding=encoding,
                    zone=zone,
                    person=_person(),
                    push=not options["no_push"],
                    progress=_Progress(self.stderr),
                )
            except BadLine as bad:
                raise CommandError(f"{name}, line {bad.line}: {bad.problem}. Nothing was stored.") from None
            except OperationalError as error:
                raise CommandError(f"The database is away: {str(error).splitlines()[0]}") from None
        self.stdout.write(f"stored {outcome.stored}, repeated {outcome.repeated}, quarantined {outcome.quarantined}")


class _Progress:
    """Says on standard error every few seconds how far a long file has come."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._started = self._said = time.monotonic()

    def __call__(self, count: int) -> None:
        now = time.monotonic()
        if now - self._said >= REPORT_EVERY_SECONDS:
            self._said = now
            self._stream.write(f"{count} records, {count / (now - self._started):.0f} a second")


def _upstream(code: str | None) -> Upstream:
    if code is not None:
        found = Upstream.objects.filter(code=code).first()
        if found is None:
            raise CommandError(_("There is no upstream %s.") % code)
        return found
    known = list(Upstream.objects.order_by("code"))
    if len(known) != 1:
        codes = ", ".join(upstream.code for upstream in known) or _("none")
        raise CommandError(_("Name one with --upstream; there are: %s") % codes)
    return known[0]


def _zone(name: str) -> tzinfo:
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise CommandError(_("--timezone: %s is no zone; write it like Asia/Shanghai.") % name) from None


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        raise CommandError(_("--encoding: %s is unknown.") % name) from None
    try:
        io.TextIOWrapper(io.BytesIO(), name)
    except LookupError:  # hex, zip and the like turn bytes into bytes
        raise CommandError(f"--encoding: {name} is no encoding of text.") from None
    return "utf-8-sig" if name.lower().replace("_", "-") in ("utf-8", "utf8") else name


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Yield the file; a pipe goes to an unnamed file first, for a transaction may have to be run again."""
    if name == "-":
        with _spooled(sys.stdin.buffer) as copy:
            yield copy
        return
    try:
        file = open(name, "rb")  # noqa: SIM115
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    with file, nullcontext(file) if file.seekable() else _spooled(file) as seekable:
        yield seekable


@contextmanager
def _spooled(pipe: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(pipe, copy)
        copy.seek(0)
        yield copy


def _person() -> str:
    try:
        return getpass.getuser()[:150]
    except (KeyError, OSError):
        return ""
