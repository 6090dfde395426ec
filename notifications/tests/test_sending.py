"""One request to a customer's server, over real sockets, whatever the other side does (reliability.md C and D)."""

import asyncio
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from yarl import URL

from common import resolving
from common.tests import spellings
from notifications import guard, reasons, sending
from notifications.sending import Sender, Sent
from notifications.tests.certificates import pair
from notifications.tests.hostile import Ports, hostile_server

T = 1.0


@pytest.fixture(scope="module")
def hostile() -> Iterator[Ports]:
    with hostile_server() as ports:
        yield ports


@pytest.fixture
def reachable(settings: Any, hostile: Ports) -> Ports:
    """Let the plain port through the guard, and nothing else."""
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"127.0.0.1:{hostile.plain}"]}
    return hostile


def run(work: Callable[[Sender], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        sender = Sender()
        try:
            return await work(sender)
        finally:
            await sender.close()

    return asyncio.run(inside())


def send(url: str, total: float = T, headers: dict[str, str] | None = None) -> Sent:
    return run(lambda sender: sender.send(url, headers or {}, b'{"a":1}', total=total))  # type: ignore[no-any-return]


def test_a_good_answer_comes_back_whole(reachable: Ports) -> None:
    sent = send(reachable.url("well", '{"operation":"close"}'), headers={"X-AKSK": "UsernameToken x"})
    assert (sent.status, sent.answer, sent.cut, sent.problem) == (200, b'{"operation":"close"}', False, "")
    request = reachable.seen()[-1]
    assert (request["method"], request["body"]) == ("POST", '{"a":1}')
    assert request["headers"] == {
        "host": f"127.0.0.1:{reachable.plain}",
        "content-type": "application/json;charset=UTF-8",
        "content-length": "7",
        "user-agent": "Maskline",
        "x-aksk": "UsernameToken x",
        **({"connection": "close"} if "connection" in request["headers"] else {}),
    }


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        (["status", "500"], 500, ""),
        (["status", "202"], 202, ""),
        (["status", "204"], None, "bad_answer"),  # with a body, which it must not have
        (["status", "404"], 404, ""),
        (["never"], None, "timeout"),
        (["silent_after_head"], 200, "timeout"),
        (["drip"], 200, "timeout"),
        (["slow", "5"], None, "timeout"),
        (["continues"], None, "timeout"),
        (["rst"], None, "unreachable"),
        (["hang_up"], None, "unreachable"),
        (["rst_inside"], 200, None),
        (["short"], 200, None),
        (["garbage"], None, "bad_answer"),
        (["old"], None, "bad_answer"),
        (["negative"], None, "bad_answer"),
        (["headers"], None, "bad_answer"),
        (["long_line"], None, "bad_answer"),
        (["upgrade"], 101, ""),
        (["flood"], None, "timeout"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_every_answer_ends_as_what_it_is(
    reachable: Ports, path: list[str], status: int | None, problem: str | None
) -> None:
    began = time.monotonic()
    sent = send(reachable.url(*path), total=0.4 if problem == "timeout" else 10)
    assert time.monotonic() - began < 10
    assert sent.status == status
    if problem is None:
        assert sent.problem in ("bad_answer", "unreachable")
    else:
        assert sent.problem == problem
    assert bool(sent.reason) == bool(sent.problem)
    assert not any(character.isdigit() for character in sent.reason)


def test_ten_megabytes_are_read_no_further_than_sixteen_kilobytes(reachable: Ports) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ("huge", "bomb"):
        sent = send(reachable.url(path))
        assert sent.status == 200
        assert len(sent.answer) <= sending.MOST_ANSWER_BYTES
        assert sent.answer[:2] in (b"xx", b"\x1f\x8b")  # not unpacked
    assert send(reachable.url("huge")).cut
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024


@pytest.mark.parametrize("path", ["flood", "well_and_on"])
def test_a_server_that_floods_us_with_heads_holds_up_nobody(reachable: Ports, path: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def both(sender: Sender) -> list[Sent]:
        flooded = [asyncio.create_task(sender.send(reachable.url(path), {}, b"", total=2 * T)) for _ in range(4)]
        await asyncio.sleep(0.2)
        beside = await sender.send(reachable.url("well", "{}"), {}, b"", total=2 * T)
        return [beside, *[await one for one in flooded]]

    beside, *flooded = run(both)
    assert beside.status == 200
    assert max(one.duration_us for one in flooded) < 4_000_000
    assert {one.problem or one.status for one in flooded} <= {"timeout", 200}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(reachable: Ports, status: int) -> None:
    assert send(reachable.url("redirect", status, reachable.canary)).status == status
    assert reachable.reached() == 0


def test_proxies_of_the_environment_are_not_used(reachable: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{reachable.canary}")
    assert send(reachable.url("well", "{}")).status == 200
    assert reachable.reached() == 0


@pytest.mark.parametrize(
    "spelling",
    ["HTTP://127.0.0.1:{port}/well/x", "http://127.0.0.1:{port}/well/x", "http://127.0.0.1:{port}/well/x?a=%41/"],
)
def test_each_spelling_that_may_be_saved_can_be_sent_to(reachable: Ports, spelling: str) -> None:
    assert send(spelling.format(port=reachable.plain)).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://ACME.Example.:8443/Fee?a=b",
        "https://acme.example",
        "http://acme.example?x=1",
        "https://[2606:4700:4700:0:0:0:0:1111]/",
        "https://[2606:4700:4700::ABCD]:8443/x",
        "http://[::ffff:93.184.216.34]/",
        "http://93.184.216.34:08080/",
        "https://xn--fsqu00a.xn--0zwm56d/%e4%b8%ad?q=%2F",
        "http://acme.example:80/a;b=c/../d//e",
    ],
)
def test_yarl_reads_a_good_url_as_the_guard_does(url: str) -> None:
    target = guard.check_url(url)
    parsed = URL(target.plain_url, encoded=True)
    assert (parsed.scheme, parsed.raw_host, parsed.port) == (target.scheme, target.host, target.port)
    assert parsed.raw_path_qs == target.path


def test_nobody_there_is_told(settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ["127.0.0.1:9"]}
    assert send("http://127.0.0.1:9/").problem == "unreachable"
    assert send("http://nobody.invalid/").problem == "unreachable"


def test_no_spelling_of_a_forbidden_address_gets_a_connection() -> None:
    with hostile_server() as hostile:
        _knock(hostile, spellings.at(hostile.canary))
        assert hostile.reached() == 0
        for host in ("127.0.0.1", "::1"):  # it does listen
            socket.create_connection((host, hostile.canary)).close()
        assert hostile.reached() == 2


def _knock(hostile: Ports, urls: list[str]) -> None:
    assert len(set(urls)) >= 300

    async def knock(sender: Sender) -> list[Sent]:
        sent = [await sender.send(url, {}, b"{}", total=T) for url in urls]
        for url in urls:  # past the first look, as if that were blind
            try:
                async with asyncio.timeout(T), sender._session.post(URL(url, encoded=True), data=b"{}"):
                    raise AssertionError(url)
            except AssertionError:
                raise
            except Exception:
                continue
        return sent

    assert {one.problem for one in run(knock)} == {"forbidden"}


ANSWERS = [
    ["93.184.216.34", "127.0.0.1"],
    ["127.0.0.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["fe80::1%eth0"],
    ["93.184.216.34", "10.0.0.1"],
    ["93.184.216.34", "fd00:ec2::254"],
    ["0.0.0.0"],
    ["64:ff9b::7f00:1"],
]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Names and the answers the network gives for them, one after the other; the last one stays."""
    answers: dict[str, list[list[str]]] = {}

    def look_up(host: str, port: int) -> list[Any]:
        told = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [
            (10 if ":" in text else 2, 1, 6, "", (text, port, *((0, 0) if ":" in text else ())))
            for text in told
            if ip_address(text.partition("%")[0])
        ]

    monkeypatch.setattr(resolving, "addresses", look_up)
    return answers


@pytest.mark.parametrize("answers", ANSWERS, ids=" ".join)
def test_one_bad_answer_of_dns_stops_the_request(hostile: Ports, named: Any, answers: list[str]) -> None:
    named["acme.example"] = [answers]
    assert send(f"http://acme.example:{hostile.canary}/").problem == "forbidden"
    assert hostile.reached() == 0


def test_an_answer_that_flips_is_judged_each_time(hostile: Ports, settings: Any, named: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"good.example:{hostile.plain}"]}
    url = f"http://good.example:{hostile.plain}/well/x"
    named["good.example"] = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1"]]
    assert [send(url).problem for _ in range(3)] == ["", "forbidden", ""]


def _hang(host: str, port: int) -> list[Any]:
    time.sleep(1.0)
    return []


def test_a_name_server_that_hangs_costs_its_own_request_only(reachable: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "RESOLVING_SECONDS", 0.3)
    monkeypatch.setattr(resolving, "addresses", _hang)

    async def both(sender: Sender) -> tuple[list[Sent], Sent]:
        hung = [asyncio.create_task(sender.send("http://hung.example/", {}, b"", total=T)) for _ in range(50)]
        fine = await sender.send(reachable.url("well", "{}"), {}, b"", total=T)
        return [await one for one in hung], fine

    hung, fine = run(both)
    assert {one.problem for one in hung} <= {"unreachable", "timeout"}
    assert max(one.duration_us for one in hung) < 900_000
    assert fine.status == 200
    assert fine.duration_us < 600_000


@pytest.mark.parametrize(
    ("host", "days", "trusted", "problem", "said"),
    [
        ("127.0.0.1", 30, True, "", ""),
        ("127.0.0.1", 30, False, "tls", "signed by itself"),
        ("127.0.0.1", -3, True, "tls", "expired"),
        ("other.example", 30, True, "tls", "another host"),
    ],
)
def test_a_bad_certificate_is_named_and_nothing_is_sent(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, host: str, days: int, trusted: bool,
    problem: str, said: str,
) -> None:  # fmt: skip
    certificate = pair(tmp_path / "pair.pem", host, ends=timedelta(days=days))
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with hostile_server(certificate) as ports:
        settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [f"127.0.0.1:{ports.tls}"]}
        sent = send(f"https://127.0.0.1:{ports.tls}/well/x", total=5)
        assert (sent.problem, sent.status) == (problem, None if problem else 200)
        assert said in sent.reason
        if days < 0:
            with translation.override("en"):
                assert "(3 days ago)" in reasons.told(sent.reason).replace("\xa0", " ")
        assert len(ports.seen()) == (0 if problem else 1)


def test_the_loop_of_the_process_is_shared_and_ends_in_time(reachable: Ports) -> None:
    assert sending.send_and_wait(reachable.url("well", "{}"), {}, b"", total=T).status == 200
    began = time.monotonic()
    assert sending.send_and_wait(reachable.url("never"), {}, b"", total=0.3).problem == "timeout"
    assert time.monotonic() - began < 0.7
