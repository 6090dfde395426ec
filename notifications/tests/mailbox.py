"""A small SMTP server on a real socket: it takes mail, refuses what it is told to, and speaks TLS at once or later."""

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast


@dataclass
class Mailbox:
    """Where the server listens and what came."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    # Which recipients, and by which number; which sender; whether a login is.
    refused: str = ""
    refused_by: int = 550
    refused_mail: str = ""
    refused_sender: str = ""
    refused_login: bool = False
    # What came over an open line.
    clear: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.secured = isinstance(self.connection, ssl.SSLSocket)
        self.say("220 ready")
        with contextlib.suppress(ssl.SSLError, OSError):
            while (line := self.rfile.readline().decode("latin-1").strip()) and self.answer(line):
                pass

    def answer(self, line: str) -> bool:
        """Answer one line; return whether another may come."""
        server = cast(Any, self.server)
        box: Mailbox = server.box
        if not self.secured:
            box.clear.append(line)
        verb = line.split()[0].upper()
        if verb == "EHLO":
            offered = ["250-STARTTLS"] if server.later and not self.secured else []
            self.say("250-here", *offered, "250 AUTH PLAIN")
        elif verb == "STARTTLS":
            self.say("220 go on")
            self.connection = server.later.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.secured = True
        elif verb == "AUTH":
            box.logins.append(line.split()[-1])
            self.say("535 no" if box.refused_login else "235 welcome")
        elif verb == "MAIL" and box.refused_sender and box.refused_sender in line:
            self.say("550 not from you")
        elif verb == "RCPT" and box.refused and box.refused in line:
            self.say(f"{box.refused_by} no such person")
        elif verb == "DATA":
            self.say("354 go on")
            parts = iter(self.rfile.readline, b".\r\n")
            mail = message_from_bytes(b"".join(parts), policy=policy.default)
            if box.refused_mail and box.refused_mail in mail["To"]:
                self.say("552 mailbox full")
                return True
            box.mails.append(mail)
            self.say("250 taken")
        elif verb == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 fine")
        return True

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    box: Mailbox
    context: ssl.SSLContext | None = None
    later: ssl.SSLContext | None = None

    def get_request(self) -> Any:
        accepted, address = super().get_request()
        accepted.settimeout(10)
        return (self.context.wrap_socket(accepted, server_side=True) if self.context else accepted), address


@contextlib.contextmanager
def mail_server(certificate: Path | None = None, *, later: bool = False) -> Iterator[Mailbox]:
    """Run the server while the block runs; with a certificate it speaks TLS from the first byte, or later: STARTTLS."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.box = Mailbox(server.server_address[1])
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.context, server.later = (None, context) if later else (context, None)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.box
        finally:
            server.shutdown()
            thread.join()
