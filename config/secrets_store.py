"""The two secrets of an installation: given by the environment, or (embedded only) generated once into DATA_DIR."""

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.environment import Reader

# Stands in while the real one is missing, so that settings import and the system check can say what to do.
UNSET_SECRET_KEY = "unset-" + "0" * 50
UNSET_DATA_KEY = ""


@dataclass(frozen=True)
class Secrets:
    """Django's secret key, and the data key text `kid:base64(64 bytes)[,...]`."""

    secret_key: str
    data_key: str


def load(reader: Reader, data_dir: Path, *, production: bool) -> Secrets:
    """Return the secrets; embedded installations keep generated ones in `data_dir`/keys with mode 0600."""
    secret_key = reader.secret("MASKLINE_SECRET_KEY")
    data_key = reader.secret("MASKLINE_DATA_KEY")
    if production:
        for name, value in (("MASKLINE_SECRET_KEY", secret_key), ("MASKLINE_DATA_KEY", data_key)):
            if not value:
                reader.problem(
                    "maskline.E001",
                    f"{name} is not set",
                    f"Set {name} or {name}_FILE; with DATABASE_URL nothing is generated.",
                )
        return Secrets(secret_key or UNSET_SECRET_KEY, data_key or UNSET_DATA_KEY)
    folder = data_dir / "keys"
    return Secrets(
        secret_key or _kept(reader, folder / "secret_key", lambda: secrets.token_urlsafe(48)) or UNSET_SECRET_KEY,
        data_key or _kept(reader, folder / "data_key", _new_data_key) or UNSET_DATA_KEY,
    )


def _new_data_key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(64)).decode()


def _kept(reader: Reader, path: Path, make: Callable[[], str]) -> str:
    """Return the file's text, writing it first when missing. Two at once agree: the link to the name is exclusive."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            scratch = path.with_name(f"{path.name}.{os.getpid()}")
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(make())
            try:
                os.link(scratch, path)
            except FileExistsError:
                pass
            finally:
                scratch.unlink()
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        reader.problem(
            "maskline.E006", f"{path} cannot be kept: {error.strerror}", "Make DATA_DIR writable for this user."
        )
        return ""
