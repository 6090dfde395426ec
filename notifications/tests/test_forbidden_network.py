"""Not one byte reaches a forbidden address: our sender, asker and dispatcher in a network where every address answers.

Every address leads to this machine there, DNS lies, and redirects point inside (reliability.md G17, C 41-50, 57, D 72).
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as installation
from django.db import connection

from accounts.tests.fixtures import *  # noqa: F403
from common.tests import spellings
from notifications.models import Attempt, Push
from notifications.outbox import DuePush, enqueue
from notifications.tests import hostile_names, namespace
from notifications.tests.certificates import pair
from notifications.tests.hostile_names import FORBIDDEN_NAMES, NO_ANSWERS, PUBLIC, name_of
from notifications.tests.hostile_network import REDIRECTING, REDIRECTS
from notifications.tests.receiving import until

PORT = 8080
HERE = "notifications.tests"
# Every way in which an environment may send requests elsewhere.
PROXIES = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:8080")


class Network:
    """The namespace: programs are started in it, and what was seen there is told."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.begun: dict[str, int] = {}

    def say(self, command: list[Any]) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def run(self, *arguments: str, **environment: str) -> int:
        """Start a module of ours; return its process id."""
        own = {"HOME": str(self.folder), "SSL_CERT_FILE": str(self.folder / "pair.pem"), **PROXIES, **environment}
        own |= {"MASKLINE_EMBEDDED_REDIS_URL": "unix:///nowhere/redis.sock"}  # there is no Redis, nor is it missed
        return int(self.say([[sys.executable, "-m", *arguments], own]))

    def begin(self, what: str, given: Any, **environment: str) -> None:
        """Let `inside_network` do something."""
        (self.folder / f"{what}.json").write_text(json.dumps(given))
        self.begun[what] = self.run(f"{HERE}.inside_network", what, str(self.folder), **environment)

    def told(self, what: str) -> Any:
        """Wait for what it found."""
        until(lambda: self.has_ended(self.begun[what]), 60)
        return json.loads((self.folder / f"{what}.told").read_text())

    def has_ended(self, process: int) -> bool:
        time.sleep(0.05)  # whoever is asked has the same two cores
        return str(process) in self.seen()["ended"]

    def forget(self) -> None:
        self.say(["forget"])

    def seen(self) -> dict[str, Any]:
        return dict(self.say([]))

    def assert_nothing_forbidden(self) -> dict[str, Any]:
        """Return what was seen, once there is nothing in it that should not be."""
        seen = self.seen()
        assert seen["lost"] == 0
        assert seen["canary"] == {}
        elsewhere = [to for to in seen["connections"] if to.split()[0] not in (PUBLIC, namespace.NAME_SERVER)]
        assert elsewhere == []
        return seen


def at(*labels: str, path: str = "/") -> list[str]:
    return [f"http://{name_of(label)}{path}" for label in labels]


def written() -> list[str]:
    """Return every forbidden spelling that can be kept in the outbox."""
    return sorted({url for url in spellings.at(PORT) if len(url) <= 1024 and "\0" not in url})


def redirects() -> list[str]:
    return [f"http://{PUBLIC}:{REDIRECTING}/{status}/" for status in REDIRECTS]


HONEST = [f"http://{PUBLIC}/", *at("good", "chained-well"), f"https://{name_of('secure')}/"]
FORBIDDEN = [*spellings.at(PORT), *at(*FORBIDDEN_NAMES, "listed")]  # the last one of /etc/hosts
TURNED = at(hostile_names.TURNED)
NOBODY = at(*NO_ANSWERS, hostile_names.SILENT)
FINE = [*HONEST, *TURNED, *at(*NO_ANSWERS)]
WRONG_HOST = f"https://{name_of('other')}/"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    begin, reason = namespace.unshare()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("network")
    pair(folder / "pair.pem", name_of("secure"))
    (folder / ".netrc").write_text("default login someone password secret\n")
    (folder / ".netrc").chmod(0o600)
    command = [*begin, sys.executable, "-m", f"{HERE}.hostile_network", str(folder)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=installation.BASE_DIR, **pipes) as process:
        assert process.stdout is not None and process.stdin is not None
        if (said := process.stdout.readline().strip()) != "ready":
            assert said, "the network broke down"
            pytest.skip(said)
        network = Network(process, folder)
        network.begin("send", [[*FORBIDDEN, *FINE], [*FORBIDDEN, *TURNED, *HONEST, *redirects(), WRONG_HOST, *NOBODY]])
        yield network
        process.stdin.close()
        process.wait(10)


def test_nothing_forbidden_is_saved_and_the_sender_sends_nothing_there(network: Network) -> None:
    assert len(set(spellings.at(PORT))) >= 300
    saved, told = network.told("send")
    seen = network.assert_nothing_forbidden()

    assert {url for url in FORBIDDEN if not saved[url]} == set()
    assert {url for url in FINE if saved[url]} == set()
    # Good when it was saved, bad ever since.
    assert {told[url][0] for url in [*FORBIDDEN, *TURNED]} == {"forbidden"}
    assert [told[url][1] for url in HONEST] == [200] * len(HONEST)
    assert [told[url][1] for url in redirects()] == list(REDIRECTS)
    assert told[WRONG_HOST][::2] == ["tls", "The server's TLS certificate is for another host."]
    assert [told[url][2] for url in NOBODY] == [
        *["The name of the server could not be resolved."] * len(NO_ANSWERS),
        "The name servers did not say in time where the server is.",
    ]
    # The longest wait is our own, not that of the system's resolver, and nothing else waits.
    assert all(told[url][3] < 4_500_000 for url in NOBODY)
    assert told["loop stood still"][0] < 10
    pushes = [request for request in seen["taken"] if request["body"] == '{"from":"send"}']
    assert sum(request["port"] == REDIRECTING for request in pushes) == len(REDIRECTS)
    # Nothing of .netrc.
    assert not any({"authorization", "proxy-authorization", "cookie"} & request["headers"].keys() for request in pushes)
    # What is checked is connected to, yet asked for by its name.
    assert {request["headers"]["host"] for request in pushes} >= {name_of("secure"), name_of("good"), PUBLIC}


PRIVATE = ["10.0.0.5", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "fd00::1"]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1"]
NEVER = [
    *("169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fe80::1"),
    *("64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0", "::"),
]
# What is set, the port of that run, and what it opens there.
WAYS: list[tuple[dict[str, list[str]], int, list[str]]] = [
    ({}, 8000, []),
    ({"push_allow_private": [f"{name_of('private')}:8001"]}, 8001, ["10.0.0.5"]),
    ({"push_allow_private": ["1"]}, 8002, [*PRIVATE, *LOOPBACK]),
    ({"push_allowed_networks": ["0.0.0.0/0", "::/0"]}, 8003, PRIVATE),
]


def test_the_two_settings_are_the_only_ways_round(network: Network) -> None:
    hosts = [f"[{one}]" if ":" in one else one for one in PRIVATE + LOOPBACK + NEVER] + [name_of("private")]
    network.told("send")
    given = [[setting, [f"http://{host}:{port}/" for host in hosts]] for setting, port, _ in WAYS]
    network.begin("reach", given)
    network.told("reach")
    canary = network.seen()["canary"]
    network.forget()
    assert set(canary) == {f"{address} {port}" for _, port, open in WAYS for address in open}
    assert all(canary.values())  # and so a canary counts what comes


def database(network: Network) -> str:
    """Return the address of the tests' database as it is in the namespace, too."""
    own = connection.settings_dict
    if not network.say(["reaches", f"{own['HOST']}/.s.PGSQL.{own['PORT'] or 5432}"]):
        pytest.skip("the database is on no socket that can be opened from a network of its own")
    address = f"postgresql://{own['USER']}@/{own['NAME']}?host={own['HOST']}"
    return address + (f"&port={own['PORT']}" if own["PORT"] else "")


@pytest.mark.django_db(transaction=True)
def test_dispatcher_and_asker_send_nothing_to_what_is_forbidden(network: Network, acme: Any) -> None:
    environment = {"MASKLINE_EMBEDDED_DATABASE_URL": database(network)}
    forbidden = [*written(), *at(*FORBIDDEN_NAMES)]
    flipping = at("flipping2", path="/close")[0]
    before = len(network.seen()["taken"])
    queue(acme, [*forbidden, *HONEST, *redirects(), flipping, *at(hostile_names.SILENT, hostile_names.FAILING)])
    dispatcher = network.run("django", "dispatch", "--settings", "config.settings", **environment)
    flips = at("flipping3")[0]
    asked = [*at(*FORBIDDEN_NAMES, hostile_names.FAILING), *HONEST, flips, flips, flips]
    network.begin("ask", {"app_key": acme.application.app_key, "urls": asked}, **environment)
    try:
        until(lambda: Attempt.objects.filter(question=False).count() >= len(forbidden) + len(HONEST), 60)
        told = network.told("ask")
        for times in (1, 2, 3):
            until(lambda: Attempt.objects.filter(endpoint__url=flipping).count() == times, 30)  # noqa: B023
            queue(acme, [flipping], times * 1000) if times < 3 else None
        # A look-up that hangs holds up neither the others nor the end.
        queue(acme, at("silent2"), 5000)
        until(lambda: network.seen()["names"].get("silent2"), 30)
    finally:
        os.kill(dispatcher, signal.SIGTERM)
    until(lambda: network.has_ended(dispatcher), 20)
    seen = network.assert_nothing_forbidden()

    results = dict(Attempt.objects.filter(question=False).values_list("endpoint__url", "result"))
    assert {url for url in forbidden if results[url] != "forbidden"} == set()
    assert [results[url] for url in HONEST] == ["delivered"] * len(HONEST)
    assert [results[url] for url in redirects()] == ["refused"] * len(REDIRECTS)
    assert Push.objects.filter(attempt=1, state=0, endpoint__url__in=forbidden).count() == len(forbidden)
    assert [told[url] for url in HONEST] == [["ok"]] * len(HONEST)
    assert {answer for url in at(*FORBIDDEN_NAMES) for answer in told[url]} == {None}
    pushed = [request["body"] for request in seen["taken"][before:]]
    # An answer that flips is judged each time.
    flipped = Attempt.objects.filter(endpoint__url=flipping).order_by("cause_id").values_list("result", flat=True)
    assert list(flipped) == ["delivered", "forbidden", "delivered"]
    assert told[flips] == ["ok", None, "ok"]
    assert pushed.count('{"from":"outbox"}') == len(HONEST) + len(REDIRECTS) + 2
    assert pushed.count('{"from":"ask"}') == len(HONEST) + 2


def queue(company: Any, urls: list[str], first: int = 1) -> None:
    """Queue a push to each URL, as if saving had let it through."""
    owner, when = (company.application.pk, company.account.pk), datetime(2026, 3, 1, tzinfo=UTC)
    enqueue(
        [
            DuePush(*owner, url, "fee", UUID(int=n), n, 1, when, b'{"from":"outbox"}')
            for n, url in enumerate(urls, first)
        ]
    )
