"""One signed POST to a customer's server, within a deadline, and what came of it (reliability.md D).

No redirects, proxies, cookies or decompression; connections are closed after each answer; at most 16 KiB are read.
Whatever the other side does ends as a `Sent`. Web threads use the event loop of one thread a process, started when it
is first needed, so after every fork.
"""

import asyncio
import os
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
import uvloop
from django.utils.translation import gettext_noop
from yarl import URL

from common import egress
from notifications import certificates, guard, hearing, refusals, signing

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MOST_ANSWER_BYTES = 16 * 1024
MOST_HEADER_BYTES = 8 * 1024
# Between the deadline on the loop and giving up on the loop itself.
GRACE_SECONDS = 0.5
# Shorter than the five seconds after which the common servers close a quiet connection: a push that meets such an end
# is lost for a minute.
QUIET_SECONDS = 4.0
USER_AGENT = "Maskline"

FORBIDDEN, TIMEOUT, UNREACHABLE, TLS, BAD_ANSWER = "forbidden", "timeout", "unreachable", "tls", "bad_answer"
NO_ANSWER = gettext_noop("The server did not answer in time.")
SLOW_ANSWER = gettext_noop("The server began to answer and did not finish in time.")
NO_CONNECTION = gettext_noop("No connection to the server in time.")
NOT_CONNECTED = gettext_noop("The server refused the connection or could not be reached.")
HUNG_UP = gettext_noop("The server hung up before it had answered.")
NO_NAME = gettext_noop("The name of the server could not be resolved.")
SLOW_NAME = gettext_noop("The name servers did not say in time where the server is.")
NO_HTTP = gettext_noop("What came back is no HTTP answer.")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one request: `status` and the first 16 KiB of the answer, or a `problem` with its reason in words.

    With a problem after the status line both are there. `cut`: the answer was longer. `retry_after`: as sent.
    """

    status: int | None = None
    answer: bytes = b""
    cut: bool = False
    problem: str = ""
    reason: str = ""
    duration_us: int = 0
    retry_after: str = ""


class Sender:
    """The client of one event loop."""

    def __init__(self, *, keep_alive: bool = False) -> None:
        self._resolver = guard.Resolver()
        connector = hearing.Connector(
            resolver=self._resolver,
            use_dns_cache=False,
            socket_factory=guard.open_socket,
            ssl=_tls(),
            limit=0,
            force_close=not keep_alive,
            keepalive_timeout=QUIET_SECONDS if keep_alive else None,
            enable_cleanup_closed=False,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            connector_owner=True,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            # No headers that nobody asked for; leaving them out one by one (skip_auto_headers) costs each request more.
            request_class=type("_Request", (aiohttp.ClientRequest,), {"DEFAULT_HEADERS": {}}),
            read_bufsize=MOST_ANSWER_BYTES,
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
        )

    async def send(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        connect: float = CONNECT_SECONDS,
        total: float = TOTAL_SECONDS,
    ) -> Sent:
        """Post the body and return what came of it within `total` seconds, the whole answer included. Never raises."""
        began = time.monotonic()
        exchange = _Exchange()
        try:
            async with asyncio.timeout(total):
                await exchange.run(self._session, url, headers, body, min(connect, total))
        except Exception as error:
            exchange.problem, exchange.reason = _judge(error, exchange)
        return exchange.sent(began)

    async def close(self) -> None:
        """Close what is open."""
        await self._session.close()
        await self._resolver.close()


@lru_cache(maxsize=64)
def _timeout(connect: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=None, sock_connect=connect, sock_read=None)


class _Exchange:
    """One request on its way: how far it came."""

    def __init__(self) -> None:
        self.secure = False
        self.status: int | None = None
        self.answer = bytearray()
        self.problem = self.reason = self.retry_after = ""

    async def run(
        self, session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes, connect: float
    ) -> None:
        parsed = _checked(url, guard.policy())
        self.secure = parsed.scheme == "https"
        sent = {"Content-Type": signing.CONTENT_TYPE, "User-Agent": USER_AGENT, **headers}
        async with session.post(
            parsed, data=body, headers=sent, allow_redirects=False, timeout=_timeout(connect), raise_for_status=False
        ) as response:
            self.status, self.retry_after = response.status, response.headers.get("Retry-After", "")
            while len(self.answer) <= MOST_ANSWER_BYTES:
                part = await response.content.readany()
                if not part:
                    return
                self.answer += part
            response.close()

    def sent(self, began: float) -> Sent:
        return Sent(
            status=self.status,
            answer=bytes(self.answer[:MOST_ANSWER_BYTES]),
            cut=len(self.answer) > MOST_ANSWER_BYTES,
            problem=self.problem,
            reason=self.reason,
            duration_us=int((time.monotonic() - began) * 1_000_000),
            retry_after=self.retry_after,
        )


@lru_cache(maxsize=4096)
def _checked(url: str, rules: guard.Policy) -> URL:
    """Return what the client takes for an address, read by both in the same way. Raises Forbidden, each time anew."""
    target = guard.check_url(url, rules)
    parsed = URL(target.plain_url, encoded=True)
    if (parsed.scheme, parsed.raw_host, parsed.port) != (target.scheme, target.host, target.port):
        raise guard.Forbidden("", egress.ODD_HOST, egress.WRITE_SO)
    return parsed


def _judge(error: Exception, exchange: _Exchange) -> tuple[str, str]:
    """Return the problem and its plain words; those hold neither numbers nor what the server sent."""
    match error:
        case guard.Forbidden() as refused:
            return FORBIDDEN, refusals.reason(refused)
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as wrong):
            return TLS, certificates.reason(wrong)
        case aiohttp.ClientSSLError(os_error=OSError() as wrong):
            return TLS, certificates.disagreement(wrong)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return TLS, certificates.NO_TLS
        case aiohttp.ClientConnectorDNSError(os_error=guard.NoNameInTime()):
            return TIMEOUT, SLOW_NAME
        case aiohttp.ConnectionTimeoutError():
            return TIMEOUT, NO_CONNECTION
        case TimeoutError():
            return TIMEOUT, NO_ANSWER if exchange.status is None else SLOW_ANSWER
        case aiohttp.ClientConnectorDNSError():
            return UNREACHABLE, NO_NAME
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError() as wrong) if exchange.secure:
            return TLS, certificates.disagreement(wrong)
        case aiohttp.ClientConnectorError():
            return UNREACHABLE, NOT_CONNECTED
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return UNREACHABLE, HUNG_UP
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            return BAD_ANSWER, NO_HTTP
        case aiohttp.ClientError() | OSError():
            return UNREACHABLE, NOT_CONNECTED
    return BAD_ANSWER, NO_HTTP


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslobject_class = certificates.Handshake
    return context


class _LoopThread:
    """An event loop with a sender in a thread of this process."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.loop = uvloop.new_event_loop()
        threading.Thread(target=self._serve, name="asking", daemon=True).start()
        self.sender = asyncio.run_coroutine_threadsafe(self._open(), self.loop).result(GRACE_SECONDS + TOTAL_SECONDS)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _open(self) -> Sender:
        return Sender()


_lock = threading.Lock()
_thread: _LoopThread | None = None


def send_and_wait(url: str, headers: Mapping[str, str], body: bytes, *, total: float) -> Sent:
    """Send from a thread that waits: `Sender.send` on this process's loop. Returns within `total` and a little."""
    thread = _running()
    began = time.monotonic()
    future = asyncio.run_coroutine_threadsafe(thread.sender.send(url, headers, body, total=total), thread.loop)
    try:
        return future.result(total + GRACE_SECONDS)
    except FutureTimeout:
        future.cancel()
        return Sent(problem=TIMEOUT, reason=NO_ANSWER, duration_us=int((time.monotonic() - began) * 1_000_000))


def _running() -> _LoopThread:
    global _thread
    with _lock:
        if _thread is None or _thread.process != os.getpid():
            _thread = _LoopThread()
        return _thread
