"""Scenario files: what they may say, how faults in them are told, and differences from what is expected."""

import json
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import Upstream
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from console.simulation.records import Json
from console.simulation.scenarios import comparison, course, customer_server, expectations, performing, script, words
from console.simulation.scenarios.course import Dialled
from console.simulation.scenarios.words import Course
from console.simulation.sender import signed_headers

BIND = {"at": "0:00", "bind": "A with B on X"}
CALL = {"at": "0:10", "call": "A calls X"}
GOOD: Json = {"title": "t", "mode": "AXB", "steps": [BIND, CALL]}


def read(tmp_path: Path, said: Any) -> script.Script:
    file = tmp_path / "mine.json"
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    return script.read(file)


def with_call(**fields: Any) -> Json:
    return GOOD | {"steps": [BIND, CALL | fields]}


FAULTS: list[tuple[Any, str]] = [
    ('{"title": }', "line 1: is no JSON"),
    ([], "is no JSON object"),
    ({"title": "t", "mode": "AXB"}, "steps: is missing"),
    (GOOD | {"mode": "AXX"}, "mode: is none of AX, AXB, AXE, AXYB, X"),
    (GOOD | {"colour": "red"}, "colour: is unknown; known are about, "),
    (GOOD | {"numbers": {"X": {"colour": "red"}}}, "numbers: X: colour: is unknown"),
    (GOOD | {"numbers": {"x": {}}}, "numbers: x: is no name"),
    (GOOD | {"people": {"C": 1}}, "people: C: is a name with a number"),
    (GOOD | {"package": {"minutes": -1}}, "package: minutes: is no whole number from 0"),
    (GOOD | {"rules": 3}, "rules: is no list of rules"),
    (GOOD | {"rules": [{"kind": "lunch"}]}, "rules: kind: is none of caller, callee, number, pair"),
    (GOOD | {"rules": [{"kind": "pair", "most": 1}]}, "rules: window_seconds: is no whole number from 1"),
    (GOOD | {"steps": [{"at": "0:00"}]}, "step 1: does 0 things; it has one of bind, "),
    (GOOD | {"steps": [BIND, {"call": "A calls X"}]}, "step 2: at: is missing"),
    (GOOD | {"steps": [BIND | {"at": "soon"}]}, 'step 1: at: is no time: write "0:10"'),
    (GOOD | {"steps": [BIND | {"bind": "A and B"}]}, 'step 1: bind: is unknown: write "A with B on X"'),
    (GOOD | {"steps": [BIND | {"colour": "red"}]}, "step 1: colour: is unknown"),
    (with_call(then="B sings"), 'step 2: then: is unknown: write "B answers after 8 s, talks 74 s"'),
    (with_call(reports=["nothing"]), 'step 2: reports: is unknown: write some of "only events"'),
    (with_call(reports="only events"), "step 2: reports: is no list of texts"),
    (with_call(digits="12 34"), 'step 2: digits: is unknown: write "0042"'),
    (with_call(call="A calls Z"), "step 2: call: Z is none of the numbers"),
    (GOOD | {"steps": [BIND, CALL, CALL | {"at": "1:00"}]}, "step 3: name: 'A calls X' is taken"),
    (GOOD | {"steps": [{"at": "1:00", "unbind": "A with B on X"}]}, "step 1: unbind: names no earlier bind"),
    (GOOD | {"steps": [{"at": "1:00", "number": "X is purple"}]}, "step 1: number: knows no 'purple'"),
]


@pytest.mark.parametrize(("said", "told"), FAULTS, ids=[told[:40] for _, told in FAULTS])
def test_a_fault_is_told_with_its_file_step_and_field(tmp_path: Path, said: Any, told: str) -> None:
    with pytest.raises(script.ScriptError) as problem:
        read(tmp_path, said)
    assert str(problem.value).startswith(f"{tmp_path / 'mine.json'}: {told}"), problem.value


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(script.ScriptError, match="cannot be read: No such file"):
        script.read(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("B answers after 8 s, talks 74 s", Course(answered=True, rings=8, talk=74)),
        ("answers after 8 s, talks until stopped", Course(answered=True, rings=8)),
        ("C hangs up before the extension", Course(gives_up=True)),
    ],
)
def test_what_becomes_of_a_call_is_read(text: str, meant: Course) -> None:
    assert words.course(text) == meant


def test_every_ending_is_a_failure_the_simulation_knows() -> None:
    for phrase, code in words.ENDINGS.items():
        failure = words.course(f"B {phrase}").failure
        assert failure is not None and failure.state_code == code


def test_times_and_reports_are_read() -> None:
    assert words.clock("3:00:05") == timedelta(hours=3, seconds=5) and words.clock("0:10") == timedelta(seconds=10)
    late = words.reports(["CDR 3:00:00 later", "events in the order disconnect, callin", "everything twice"])
    assert (late.cdr_after, late.order, late.times) == (timedelta(hours=3), ("disconnect", "callin"), 2)
    with pytest.raises(BadInput):
        words.reports(["events in the order lunch"])


AT = datetime(2026, 3, 1, 2, tzinfo=UTC)


def dialled(told: Json, said: str) -> Dialled:
    return Dialled("s-1", "r-1", "AXB", "+8617100000001", "+8613900000101", AT, told, None, words.course(said))


CONNECT = {"decision": "connect", "callee": "+8613900000202", "display": "+8617100000001", "direction": 1}


def test_a_switch_that_is_told_to_refuse_starts_no_second_leg() -> None:
    call = dialled({"decision": "refuse", "state_code": 8016, "direction": 0}, "B answers after 8 s, talks 74 s")
    assert list(course.events(call)) == ["callin", "disconnect"]
    info = course.cdr(call)["feeLst"][0]
    assert info["ulFailReason"] == 8016 and "fwdDstNum" not in info and "fwdAnswerTime" not in info


def test_a_call_that_goes_on_has_neither_an_end_nor_a_cdr() -> None:
    call = dialled(CONNECT, "B answers after 8 s, talks until stopped")
    pushes = [push for _, push in course.arrivals(call, words.reports([]))]
    assert [push["eventType"] for push in pushes] == ["callin", "callout", "alerting", "answer"]


def test_reports_come_as_the_scenario_says() -> None:
    call = dialled(CONNECT, "B is busy")
    kinds = {
        phrase: [push["eventType"] for _, push in course.arrivals(call, words.reports([phrase]))]
        for phrase in ("only events", "only the CDR", "events backwards", "CDR before the events")
    }
    assert kinds["only events"] == ["callin", "callout", "disconnect"] and kinds["only the CDR"] == ["fee"]
    assert kinds["events backwards"] == ["disconnect", "callout", "callin", "fee"]
    assert kinds["CDR before the events"] == ["fee", "callin", "callout", "disconnect"]


def post(url: str, secret: str) -> tuple[int, bytes]:
    """Ask the customer's server where a call goes; 0 when it hangs up."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        headers = signed_headers("key", secret, now=datetime.now(UTC))
        connection.request("POST", "/status", b'{"statusInfo": {"sessionId": "s-1"}}', headers)
        response = connection.getresponse()
        return response.status, response.read()
    except HTTPException:
        return 0, b""
    finally:
        connection.close()


def test_the_customers_server_does_what_it_is_told_and_checks_who_asks() -> None:
    with customer_server.serving(0.1) as (url, server):
        server.secret = "secret-1"
        said = {}
        for phrase in ("connects B", "closes", "answers 500", "redirects", "answers nonsense", "breaks off", "is slow"):
            server.does(phrase, None, lambda name: f"+86139{name}")
            said[phrase] = post(url, "secret-1")
        post(url, "another secret")
        with pytest.raises(BadInput, match='write "connects B"'):
            server.does("sings", None, str)
    assert json.loads(said["connects B"][1]) == {"operation": "connect", "connectInfo": {"calleeNum": "+86139B"}}
    assert json.loads(said["closes"][1])["operation"] == "close" == json.loads(said["is slow"][1])["operation"]
    assert [said[phrase][0] for phrase in ("answers 500", "redirects", "breaks off")] == [500, 302, 0]
    assert [question.get("signature") for question in server.asked] == [None] * 7 + ["is wrong"]


CAME: Json = {
    "decisions": [{"call": "A calls X", "decision": "connect"}],
    "pushes": [{"call": "A calls X", "kind": "callin"}, {"call": "A calls X", "kind": "fee", "ulFailReason": 8102}],
    "charges": [],
}


def test_nothing_differs_from_itself_and_the_file_reads_as_it_was_written(tmp_path: Path) -> None:
    assert comparison.differences(CAME, CAME) == []
    expectations.write(tmp_path / "a.expected.json", CAME)
    assert expectations.read(tmp_path / "a.expected.json") == CAME


def changed(**parts: Any) -> Json:
    return CAME | parts


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (
            changed(decisions=[{"call": "A calls X", "decision": "refuse"}]),
            "decisions 1 (\"A calls X\"): decision: expected 'refuse', came 'connect'",
        ),
        (changed(pushes=CAME["pushes"][:1]), 'pushes 2: fee of "A calls X" came and was not expected'),
        (
            changed(charges=[{"call": "A calls X", "item": "call", "units": 1}]),
            'charges 1: call of "A calls X" was expected and did not come',
        ),
        (
            changed(pushes=[CAME["pushes"][0], CAME["pushes"][1] | {"ulFailReason": 8101}]),
            'pushes 2 (fee of "A calls X"): ulFailReason: expected 8101, came 8102',
        ),
        (changed(quarantined=1), "quarantined: expected 1, came nothing"),
    ],
)
def test_a_stale_expectation_is_told_in_words(expected: Json, told: str) -> None:
    assert comparison.differences(expected, CAME) == [told]


def test_a_field_that_the_application_has_not_is_told_with_the_file(switch1: Upstream, tmp_path: Path) -> None:
    played = read(tmp_path, GOOD | {"application": {"colour": "red"}})
    with pytest.raises(script.ScriptError, match=r"mine\.json: applications\[0\]\.colour: is unknown"):
        performing.perform(played, switch1, "http://127.0.0.1:9")


def test_a_scenario_is_not_played_in_production(tmp_path: Path, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(performing.NotHere):
        performing.perform(read(tmp_path, GOOD), Any, None)  # type: ignore[arg-type]  # it is not looked at
