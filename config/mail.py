"""EMAIL_URL: where mail goes (docs/operations.md). Left out, it is written to the log of the process that sends it.

smtp://USER:PASSWORD@HOST:25?from=maskline@example.com            plain, or STARTTLS with starttls=1 and with a password
smtps://USER:PASSWORD@HOST:465                                    TLS from the first byte
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from config.environment import Reader

NAME = "EMAIL_URL"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
SECONDS = 10
WRITE = "Write smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS, or smtps://..., or leave it out for the log."
OPTIONS = {"from", "starttls"}


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
    starttls = not tls and wanted.lower() in {"1", "true", "yes", "on"}
    return Mail(
        backend=SMTP,
        host=host,
        port=port or (465 if tls else 587 if starttls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=starttls,
        tls=tls,
        sender=query.get("from") or sender,
    )


def _host(public_url: str) -> str:
    try:
        return urlsplit(public_url).hostname or "localhost"
    except ValueError:  # told by the check of MASKLINE_PUBLIC_URL itself
        return "localhost"


def _refused(env: Reader, problem: str) -> Mail:
    env.problem("maskline.E010", f"{NAME} {problem}", WRITE)
    return Mail()
