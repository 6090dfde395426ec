"""The customer's server, on a real socket: asked where an X-mode call or an SMS goes, it answers as it was told to.

Well, late, not at all, with nonsense: each is a phrase of a scenario's `server` step.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import orjson

from accounts import digests
from accounts.headers import parse
from accounts.refusals import Refused
from common.errors import BadInput
from console.simulation.records import Json
from console.simulation.scenarios.words import NAME

_CONNECTS = re.compile(rf"connects ({NAME})(?: for (\d+) min)?")
_FORWARDS = re.compile(rf"forwards to ({NAME})")
# Longer than anybody waits for an answer (the settings allow 10 s for a call, 30 s for an SMS).
LONGER_THAN_ANYBODY = 31.0
PAST_THE_DEADLINE = 0.7
PLAIN: dict[str, Json] = {
    "closes": {"operation": "close", "closeInfo": {}},
    "discards": {"actions": [{"operation": "DiscardMessage"}]},
    "answers an empty object": {},
}
ODD = ("is silent", "is slow", "breaks off", "answers 500", "answers nonsense", "redirects", "answers")

WRONG = {"signature": "is wrong"}

Resolve = Callable[[str], str]


class CustomerServer:
    """What the server does next, and what it was asked. `deadlines`: how long a call and an SMS wait for it."""

    def __init__(self, deadline: float) -> None:
        self.asked: list[Json] = []
        self.deadline = deadline
        # Set once the application is made: questions are checked by it, as a customer's server checks them.
        self.secret = ""
        self._says: Callable[[Json], bytes | int | None] = lambda question: 500
        self._over = Event()

    def does(self, said: str, answer: Json | None, resolve: Resolve) -> None:
        """Let the server do what a phrase says from now on. Raises BadInput."""
        if said in PLAIN:
            self._says = _saying(PLAIN[said])
        elif said == "answers":
            self._says = _saying(_filled(answer or {}, resolve))
        elif found := _CONNECTS.fullmatch(said):
            info: Json = {"calleeNum": resolve(found[1])}
            info |= {"maxDuration": int(found[2])} if found[2] else {}
            self._says = _saying({"operation": "connect", "connectInfo": info})
        elif found := _FORWARDS.fullmatch(said):
            receiver = resolve(found[1])
            self._says = lambda question: _forward(question, receiver)
        elif said in ODD:
            self._says = self._oddly(said)
        else:
            known = ", ".join(('"connects B"', '"connects B for 2 min"', '"forwards to B"', *map(repr, (*PLAIN, *ODD))))
            raise BadInput("server", f"is unknown: write {known}")

    def answer(self, question: Json) -> bytes | int | None:
        """Return a body, a status, or None to hang up without a word."""
        self.asked.append(question)
        return self._says(question)

    def end(self) -> None:
        """Let go of whoever still waits."""
        self._over.set()

    def _oddly(self, said: str) -> Callable[[Json], bytes | int | None]:
        def do(question: Json) -> bytes | int | None:
            if said in {"is silent", "is slow"}:
                self._over.wait(LONGER_THAN_ANYBODY if said == "is silent" else self.deadline + PAST_THE_DEADLINE)
            plain: dict[str, bytes | int | None] = {"answers 500": 500, "redirects": 302, "answers nonsense": b"<html>"}
            return plain.get(said) if said in plain else _closing(question) if said == "is slow" else None

        return do


@contextmanager
def serving(deadline: float) -> Iterator[tuple[str, CustomerServer]]:
    """Serve as long as the block runs; give the address and what answers there."""
    far_end = CustomerServer(deadline)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"far_end": far_end}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="customer-server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", far_end
    finally:
        far_end.end()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for it."""

    far_end: CustomerServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a question."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        signed = _is_signed(dict(self.headers.items()), self.far_end.secret)
        said = self.far_end.answer({"path": self.path, **({} if signed else WRONG), **_parsed(body)})
        if said is None:
            self.close_connection = True
            return
        content = said if isinstance(said, bytes) else b""
        self.send_response(200 if isinstance(said, bytes) else said)
        if said == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        with suppress(ConnectionError):  # who asked has waited long enough
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _is_signed(headers: dict[str, str], secret: str) -> bool:
    """Return whether a question carries the digest that the application's secret makes (pushes.md 0)."""
    try:
        sent = parse(headers)
    except Refused:
        return False
    return digests.matches(sent.generation, sent.digest, sent.nonce, sent.created, secret)


def _parsed(body: bytes) -> Json:
    try:
        found: Json = orjson.loads(body)
        return found
    except ValueError:
        return {"unreadable": body.decode("utf-8", "replace")}


def _saying(answer: Json) -> Callable[[Json], bytes]:
    return lambda question: orjson.dumps(answer)


def _forward(question: Json, receiver: str) -> bytes:
    sender = question.get("smsEvent", {}).get("calling", "")
    message = {"called": receiver, "calling": sender}
    return orjson.dumps({"actions": [{"operation": "vNumberRoute", "message": message}]})


def _closing(question: Json) -> bytes:
    kind = "discards" if "smsEvent" in question else "closes"
    return orjson.dumps(PLAIN[kind])


def _filled(answer: Any, resolve: Resolve) -> Any:
    """Return an answer with the numbers put in for "{B}"."""
    if isinstance(answer, dict):
        return {name: _filled(value, resolve) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_filled(value, resolve) for value in answer]
    if isinstance(answer, str):
        return re.sub(rf"\{{({NAME})\}}", lambda found: resolve(found[1]), answer)
    return answer
