"""What names mean, asked of the system's resolver on threads that hold nobody up (reliability.md C 47-49, D 72).

A look-up in the system's resolver cannot be broken off and may take half a minute. So its thread neither holds up the
end of the process, nor do names whose servers are slow hold up other names.
"""

import socket
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, wait
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any

from common.egress import PUBLIC_ONE, Address, Forbidden, Policy, check_url, policy

# A name that once took longer is slow until it was quick again.
SLOW_SECONDS = 1.0
FAST_LOOKUPS, SLOW_LOOKUPS = 32, 8
IDLE_SECONDS = 10.0
# While somebody waits for a page or a command.
SAVING_SECONDS = 2.0
# No name server knows these (RFC 6761, RFC 7686).
NOWHERE = ("example", "invalid", "test", "localhost", "onion")
Answers = list[Any]


class Lookups:
    """Look-ups under way: one a name at most, slow names on a few threads of their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], Future[Answers]] = {}
        self._slow: set[str] = set()
        self._fast_lane, self._slow_lane = _Lane(FAST_LOOKUPS), _Lane(SLOW_LOOKUPS)

    def begin(self, host: str, port: int) -> Future[Answers]:
        """Return the look-up of a name, begun now or before: what getaddrinfo returns, or raises OSError."""
        key = host, port
        with self._lock:
            if (under_way := self._under_way.get(key)) is not None:
                return under_way
            future = self._under_way[key] = Future[Answers]()
            lane = self._slow_lane if host in self._slow else self._fast_lane
        lane.put(lambda: self._look_up(key, future))
        return future

    def _look_up(self, key: tuple[str, int], future: Future[Answers]) -> None:
        began = time.monotonic()
        found: Answers = []
        problem: OSError | None = None
        try:
            found = addresses(*key)
        except OSError as error:
            problem = error
        with self._lock:
            if time.monotonic() - began > SLOW_SECONDS:
                self._slow.add(key[0])
            else:
                self._slow.discard(key[0])
            del self._under_way[key]
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(found)


class _Lane:
    """Threads begun as they are needed, up to so many, each gone when it had nothing to do for a while."""

    def __init__(self, most: int) -> None:
        self._most, self._threads, self._idle = most, 0, 0
        self._lock = threading.Lock()
        self._work: SimpleQueue[Any] = SimpleQueue()

    def put(self, work: Any) -> None:
        """Do some work as soon as a thread is free."""
        with self._lock:
            self._work.put(work)
            if self._work.qsize() <= self._idle or self._threads >= self._most:
                return
            self._threads += 1
        threading.Thread(target=self._run, name="resolve", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            try:
                work = self._work.get(timeout=IDLE_SECONDS)
            except Empty:
                work = None
            with self._lock:
                self._idle -= 1
                if work is None and self._work.empty():
                    self._threads -= 1
                    return
            if work is not None:
                work()


def addresses(host: str, port: int) -> Answers:
    """Return what the system's resolver says now. Raises OSError, also for a name that nobody could be asked for."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "no name") from None


def address_of(answer: Any) -> Address:
    """Return the address in an answer of getaddrinfo, without its zone."""
    return ip_address(str(answer[4][0]).partition("%")[0])


def judge(found: Answers, host: str, port: int, rules: Policy) -> None:
    """Raise Forbidden if any of the answers may not be connected to."""
    for answer in found:
        if problem := rules.objection(address_of(answer), host, port):
            raise Forbidden("", problem, PUBLIC_ONE)


def objections(urls: Iterable[str], seconds: float = SAVING_SECONDS) -> dict[str, Forbidden]:
    """Return {URL: why not} of those whose names lead, right now, where nothing may be sent. All are asked at once.

    A name that nobody knows yet, or whose servers do not answer in time, is no objection: it is judged at each sending.
    """
    lookups, rules = Lookups(), policy()
    targets = [check_url(url, rules) for url in dict.fromkeys(urls)]
    named = [one for one in targets if one.address is None and one.host.rpartition(".")[2] not in NOWHERE]
    asked = {one: lookups.begin(one.host, one.port) for one in named}
    wait(asked.values(), timeout=seconds)
    problems = {}
    for target, future in asked.items():
        try:
            judge(future.result(0), target.host, target.port, rules)
        except Forbidden as problem:
            problems[target.url] = problem
        except OSError:
            continue  # no such name, or no answer in time
    return problems
