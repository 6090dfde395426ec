"""The real web server on the tests' database, for clients that are processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import create_default_context
from urllib.parse import urlsplit

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts import roles
from config.services import certificate
from config.services.run import LONGEST_LINE

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "docs" / "examples" / "demo.json"
PATIENCE_SECONDS = 30.0


@contextmanager
def provisioned(blocker: DjangoDbBlocker, *files: Path) -> Iterator[None]:
    """Have what the files say in the tests' database, committed, while the block runs. For fixtures of a module: inside
    a test's transaction a server would not see it."""
    with blocker.unblock():
        for file in files:
            call_command("provision", str(file), verbosity=0)
        try:
            yield
        finally:
            empty_database()


def empty_database() -> None:
    """Take out what was committed. The groups that a migration made are there again: other tests look for them."""
    call_command("flush", interactive=False, verbosity=0)
    for role in roles.ROLES:
        Group.objects.get_or_create(name=role)


@contextmanager
def serving(tls_folder: Path | None = None, **environ: str) -> Iterator[str]:
    """Serve while the block runs; give the address. With a folder over https, a self-signed pair is made in it."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += [
        "--worker-class",
        "config.services.web.Worker",
        "--workers",
        "1",
        "--threads",
        "4",
        "--limit-request-line",
        str(LONGEST_LINE),
        "--no-control-socket",
    ]
    authority = None
    if tls_folder is not None:
        pair = certificate.pair({}, tls_folder)
        authority = str(pair.certificate)
        command += ["--certfile", authority, "--keyfile", str(pair.key)]
    url = f"{'https' if tls_folder else 'http'}://127.0.0.1:{port}"
    server = subprocess.Popen(command, env=environment() | {"MASKLINE_WEB_THREADS": "4"} | environ)
    try:
        _wait(url, authority)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            raise


def environment() -> dict[str, str]:
    """Return the environment of a process that works on the tests' database."""
    parts = urlsplit(os.environ["MASKLINE_EMBEDDED_DATABASE_URL"])
    database = parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    # urlsplit drops the empty host of a unix socket's address.
    database = database.replace("postgresql:/", "postgresql://") if "://" not in database else database
    return os.environ | {"MASKLINE_EMBEDDED_DATABASE_URL": database}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _wait(url: str, authority: str | None) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    context = create_default_context(cafile=authority) if authority else None
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=2, context=context):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise TimeoutError("the web server did not answer")
