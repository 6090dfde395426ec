"""EMAIL_URL: where mail goes (docs/operations.md). Left out, it is written to the log of the process that sends it.

smtp://USER:PASSWORD@HOST:25?from=maskline@example.com            plain, or STARTTLS with starttls=1 and with a password
smtps://USER:PASSWORD@HOST:465                                    TLS from the first byte
"""

import re
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import parse_qsl, unquote, urlsplit

from config.environment import Reader

NAME = "EMAIL_URL"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
SECONDS = 10
WRITE = "Write smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS, or smtps://..., or leave it out for the log."
OPTIONS = {"from", "starttls"}
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


@dataclass(frozen=True)
class Mail:
    """Django's settings of mail."""

    backend: str = CONSOLE
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    sender: str = "maskline@localhost"


def read(env: Reader, public_url: str) -> Mail:
    """Return where mail goes. What is wrong becomes a problem of the environment, which stops the start."""
    sender = f"maskline@{_host(public_url)}"
    url = env.secret(NAME)
    if url in {"", "console", "console:", "console://"}:
        return Mail(sender=sender)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        return _refused(env, "is no address")
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path.strip("/"):
        return _refused(env, "is no smtp:// or smtps:// address")
    if unknown := sorted(query.keys() - OPTIONS):
        return _refused(env, f"has an unknown option {unknown[0]!r}")
    tls = parts.scheme == "smtps"
    # A password never goes over an open line unless somebody says so.
    wanted = query.get("starttls", "1" if parts.password and not tls else "0")
    if wanted not in {"0", "1"}:
        return _refused(env, f"has starttls={wanted}, neither 0 nor 1")
    sender = query.get("from") or sender
    if not _is_address(sender):
        return _refused(env, "has no mail address in from=")
    starttls = not tls and wanted == "1"
    return Mail(
        backend=SMTP,
        host=host,
        port=port or (465 if tls else 587 if starttls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=starttls,
        tls=tls,
        sender=sender,
    )


def _is_address(sender: str) -> bool:
    """Return whether it is one address, perhaps with a name before it; a line break would begin another header."""
    name, address = parseaddr(sender)
    return sender.isprintable() and bool(_ADDRESS.fullmatch(address)) and (not name or "<" in sender)


def _host(public_url: str) -> str:
    try:
        return urlsplit(public_url).hostname or "localhost"
    except ValueError:  # told by the check of MASKLINE_PUBLIC_URL itself
        return "localhost"


def _refused(env: Reader, problem: str) -> Mail:
    env.problem("maskline.E010", f"{NAME} {problem}", WRITE)
    return Mail()
