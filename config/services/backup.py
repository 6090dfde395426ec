"""Backups of a whole installation: the database, recordings and voice files, with a manifest of what there must be.

Never the keys: a stolen backup alone yields no number, and one without its keys is worth nothing. So the manifest names
the ids and fingerprints of the keys that were live.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from config.services.layout import ServiceError
from config.services.tools import Toolbox, reason, tool_environment, toolbox

FORMAT = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"
# Exports are not here: they expire, and can be made again.
FOLDERS = ("recordings", "voices")
_LOCK_PATIENCE = "10s"
_EMPTY = """
SELECT count(*) = 0
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE nspname = 'public' AND relkind IN ('r', 'p')
"""


@dataclass(frozen=True)
class Installation:
    """What a backup is taken of: libpq's parameters, the data directory, {key id: fingerprint in hex}."""

    target: Mapping[str, str]
    data_dir: Path
    keys: Mapping[str, str]
    embedded: bool


@dataclass(frozen=True)
class Summary:
    """What a backup holds: number of files beside the dump, bytes in all, key ids needed to read it."""

    files: int
    size: int
    key_ids: list[str]


def take(installation: Installation, folder: Path, now: datetime, *, recordings: bool = True) -> Summary:
    """Write a backup into `folder`, which must be missing or empty; complete or not there at all.

    Without `recordings` it is small: they are fetched by customers within days, and may lie elsewhere.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ServiceError(f"{folder} is not empty; name a new folder")
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        scratch.mkdir(mode=0o700, parents=True)
        manifest = _fill(installation, scratch, now, FOLDERS if recordings else FOLDERS[1:])
        if folder.exists():
            folder.rmdir()
        scratch.rename(folder)
    except OSError as error:
        raise ServiceError(f"the backup cannot be written: {error.strerror} ({error.filename})") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _summary(manifest)


def _fill(installation: Installation, scratch: Path, now: datetime, folders: Sequence[str]) -> dict[str, Any]:
    """Dump first, then copy the files: every file a dumped row names was there, and no later one does harm."""
    server = _server_major(installation)
    box = toolbox(server, embedded=installation.embedded)
    dump = scratch / DUMP
    box.run(["pg_dump", "-Fc", "-Z1", "--no-owner", "--no-privileges", "-f", str(dump)], installation.target)
    dump.chmod(0o600)
    for name in folders:
        _copy_tree(installation.data_dir / name, scratch / name)
    files = {str(path.relative_to(scratch)): digest(path) for path in _files(scratch)}
    manifest = {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "server_major": server,
        "tools_major": box.major,
        "keys": dict(installation.keys),
        "files": files,
    }
    (scratch / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    return manifest


def _copy_tree(source: Path, target: Path) -> None:
    """Copy what is there; a file that is deleted meanwhile, as voice files and recordings are, is no failure."""
    for path in _files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(path, copy)


def check(folder: Path) -> dict[str, Any]:
    """Return the manifest after reading every file; ServiceError names the first that is not as it was written."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ServiceError(f"{folder} holds no readable {MANIFEST}: it is no backup") from error
    if manifest.get("format") != FORMAT:
        raise ServiceError(f"{folder} has format {manifest.get('format')}; this version reads {FORMAT}")
    for name, written in manifest["files"].items():
        path = folder / name
        if name != DUMP and (Path(name).parts[0] not in FOLDERS or ".." in Path(name).parts):
            raise ServiceError(f"{folder / MANIFEST} names the file {name}, which no backup holds")
        if not path.is_file():
            raise ServiceError(f"{path} is missing from the backup")
        if digest(path) != written:
            raise ServiceError(f"{path} is not what was backed up: its SHA-256 differs")
    return manifest


def restore(installation: Installation, folder: Path, *, force: bool) -> Summary:
    """Bring a backup back, the database in one transaction; ServiceError and nothing changed when it cannot be.

    A database that holds tables is refused unless `force`, which drops them in the same transaction.
    """
    manifest = check(folder)
    _require_keys(manifest, installation)
    if not (_is_empty(installation) or force):
        raise ServiceError("the database is not empty; --force replaces all that is in it")
    box = toolbox(max(manifest["tools_major"], _server_major(installation)), embedded=installation.embedded)
    _load(box, installation, folder / DUMP, replace=force)
    for name in manifest["files"]:
        if name != DUMP:
            _put_back(folder / name, installation.data_dir / name)
    return _summary(manifest)


def _require_keys(manifest: Mapping[str, Any], installation: Installation) -> None:
    missing = [kid for kid, print_ in manifest["keys"].items() if installation.keys.get(kid) != print_]
    if missing:
        raise ServiceError(
            f"the backup is sealed with the data keys {', '.join(manifest['keys'])}; MASKLINE_DATA_KEY lacks "
            f"{', '.join(missing)} (or holds another key of that id). Set it to the key of the backed-up installation"
        )


def _load(box: Toolbox, installation: Installation, dump: Path, *, replace: bool) -> None:
    """Feed the dump to psql as one transaction. Only a dump read to its end is committed: a failure changes nothing."""
    clear = f"SET LOCAL lock_timeout = '{_LOCK_PATIENCE}'; DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
    script = [str(box.folder / "pg_restore"), "--no-owner", "--no-privileges", "-f", "-", str(dump)]
    psql = [str(box.folder / "psql"), "-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-f", "-"]
    environ = tool_environment(installation.target)
    with tempfile.TemporaryFile() as complaints, tempfile.TemporaryFile() as errors:
        with (
            subprocess.Popen(script, stdout=subprocess.PIPE, stderr=complaints, env=environ) as reading,
            subprocess.Popen(psql, stdin=subprocess.PIPE, stderr=errors, env=environ) as loading,
        ):
            assert reading.stdout and loading.stdin
            # A psql that stopped is told by its status.
            with contextlib.suppress(BrokenPipeError), loading.stdin as pipe:
                pipe.write(f"BEGIN; {clear if replace else ''}\n".encode())
                shutil.copyfileobj(reading.stdout, pipe, 1 << 20)
                if reading.wait() == 0:
                    pipe.write(b"COMMIT;\n")
            reading.stdout.close()
        for process, said in ((loading, errors), (reading, complaints)):
            if process.returncode:
                said.seek(0)
                raise _not_restored(reason(said.read().decode(errors="replace")))


def _not_restored(said: str) -> ServiceError:
    hint = "; stop bin/run and all other programs on this database first" if "lock timeout" in said else ""
    return ServiceError(f"nothing was restored: {said}{hint}")


def _put_back(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy2(source, scratch)
    scratch.replace(target)


def _is_empty(installation: Installation) -> bool:
    with psycopg.connect(**installation.target) as connection:  # type: ignore[arg-type]
        row = connection.execute(_EMPTY).fetchone()
        return bool(row and row[0])


def _server_major(installation: Installation) -> int:
    with psycopg.connect(**installation.target) as connection:  # type: ignore[arg-type]
        return connection.info.server_version // 10000


def _files(folder: Path) -> Iterator[Path]:
    # `.incoming` holds recordings that are not whole yet.
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and ".incoming" not in path.parts)


def digest(path: Path) -> dict[str, Any]:
    """Return what the manifest says of a file: SHA-256 and size in bytes."""
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _summary(manifest: Mapping[str, Any]) -> Summary:
    files = manifest["files"]
    return Summary(len(files) - 1, sum(file["bytes"] for file in files.values()), list(manifest["keys"]))
