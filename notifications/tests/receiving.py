"""A customer's server in this process: it keeps what it was sent, and answers as told. And a dispatcher beside it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvloop

from notifications.dispatching.dispatcher import Dispatcher


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def sequence(self) -> int:
        return int(self.headers["x-maskline-sequence"])

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


# What is answered: a status, or the lines of an answer from its status on, or None for no answer at all; or seconds to
# wait before 200.
Answer = int | float | str | None


@dataclass
class Receiver:
    """A server on a thread of its own."""

    answer: Callable[[Request], Answer] = lambda request: 200
    seen: list[Request] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/fee") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Request]:
        """Return what came once it is at least so much."""
        until(lambda: len(self.seen) >= count, seconds)
        return self.seen

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(Exception):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                request = Request(first.split(" ")[1], headers, body, time.monotonic())
                self.seen.append(request)
                answer = self.answer(request)
                if answer is None:
                    await asyncio.sleep(60)
                if isinstance(answer, float):
                    await asyncio.sleep(answer)
                    answer = 200
                head = answer if isinstance(answer, str) else f"{answer} Whatever"
                writer.write(f"HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nok".encode())
                await writer.drain()
        writer.close()


def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@contextlib.contextmanager
def in_loop(work: Callable[[asyncio.Event, Callable[[], None]], Any]) -> Iterator[None]:
    """Run a coroutine on a loop of its own thread while the block runs."""
    loop = uvloop.new_event_loop()
    stop, ready, failed = asyncio.Event(), threading.Event(), []

    def serve() -> None:
        try:
            loop.run_until_complete(work(stop, ready.set))
        except BaseException as error:
            failed.append(error)
        ready.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
    if failed:
        raise failed[0]


@contextlib.contextmanager
def receiving(settings: Any, answer: Callable[[Request], Answer] = lambda request: 200) -> Iterator[Receiver]:
    """Run a receiver that the guard lets through."""
    receiver = Receiver(answer)

    async def serve(stop: asyncio.Event, ready: Callable[[], None]) -> None:
        server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, limit=1 << 20)
        receiver.port = server.sockets[0].getsockname()[1]
        ready()
        await stop.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        server.close()

    with in_loop(serve):
        settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ["1"]}
        yield receiver


@contextlib.contextmanager
def dispatching() -> Iterator[Dispatcher]:
    """Run a dispatcher in a thread of this process."""
    made: list[Dispatcher] = []

    async def run(stop: asyncio.Event, ready: Callable[[], None]) -> None:
        made.append(Dispatcher())
        ready()
        await made[0].run(stop)

    with in_loop(run):
        yield made[0]
