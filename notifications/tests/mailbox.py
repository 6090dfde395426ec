"""A small SMTP server on a real socket: it takes mail, refuses whom it is told to, and speaks TLS from the start."""

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
    refused: str = ""


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Mailbox = cast(Any, self.server).box
        self.say("220 ready")
        while line := self.rfile.readline().decode("latin-1").strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self.say("250-here", "250 AUTH PLAIN")
            elif verb == "AUTH":
                box.logins.append(line.split()[-1])
                self.say("235 welcome")
            elif verb == "RCPT" and box.refused and box.refused in line:
                self.say("550 no such person")
            elif verb == "DATA":
                self.say("354 go on")
                parts = iter(self.rfile.readline, b".\r\n")
                box.mails.append(message_from_bytes(b"".join(parts), policy=policy.default))
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    box: Mailbox
    context: ssl.SSLContext | None = None

    def get_request(self) -> Any:
        accepted, address = super().get_request()
        return (self.context.wrap_socket(accepted, server_side=True) if self.context else accepted), address


@contextlib.contextmanager
def mail_server(certificate: Path | None = None) -> Iterator[Mailbox]:
    """Run the server while the block runs; with a certificate it speaks TLS from the first byte."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.box = Mailbox(server.server_address[1])
        if certificate:
            server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.context.load_cert_chain(certificate)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.box
        finally:
            server.shutdown()
            thread.join()
