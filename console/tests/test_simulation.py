"""The made-up traffic: busy hours, answer rate, causes that belong together, and the same bytes for the same seed."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from statistics import median
from threading import Thread
from typing import Any

import pytest

from accounts import digests, headers
from console.simulation import clock, failures, sender, texts, traffic
from console.simulation.people import Line
from console.simulation.records import Kind, Record
from console.simulation.traffic import Plan

START = datetime(2026, 3, 1, 16, tzinfo=UTC)  # Monday 00:00 in Shanghai
END = START + timedelta(days=7)
MODES = ("AXB", "AXB", "AX", "AXE", "AXYB", "X")
LINES = [
    Line(number=f"+86171000000{index:02d}", account="acme", app_key=f"{mode}-app", mode=mode, area_code="0755")
    for index, mode in enumerate(MODES * 4)
]
PLAN = Plan(seed="7", calls=4000, start=START, end=END, lines=LINES)


@pytest.fixture(scope="module")
def week() -> list[Record]:
    return list(traffic.records(PLAN))


def fees(week: list[Record]) -> list[dict[str, Any]]:
    """Return each CDR once."""
    infos = (record.push["feeLst"][0] for record in week if record.kind is Kind.CDR)
    return list({info["icid"]: info for info in infos}.values())


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def test_the_same_seed_gives_the_same_bytes(week: list[Record]) -> None:
    again = traffic.records(replace(PLAN, lines=list(LINES)))
    assert [json.dumps(record.push) for record in again] == [json.dumps(record.push) for record in week]


def test_another_seed_or_window_shares_no_id(week: list[Record]) -> None:
    ids = {info["icid"] for info in fees(week)}
    for other in (replace(PLAN, seed="8"), replace(PLAN, end=END + timedelta(hours=1))):
        assert ids.isdisjoint(info["icid"] for info in fees(list(traffic.records(other))))


def test_records_come_in_the_order_of_their_arrival_and_none_after_the_end(week: list[Record]) -> None:
    arrivals = [record.arrives_at for record in week]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= START and arrivals[-1] <= END


def test_every_call_has_one_cdr_and_about_six_in_ten_are_answered(week: list[Record]) -> None:
    calls = [info for info in fees(week) if info.get("fwdAnswerTime") != ""]
    assert len(calls) == PLAN.calls
    assert 0.57 < sum("fwdAnswerTime" in info for info in calls) / len(calls) < 0.63


def test_talk_times_have_a_median_of_about_seventy_seconds_and_a_long_tail(week: list[Record]) -> None:
    talks = [
        (at(info["callEndTime"]) - at(info["fwdAnswerTime"])).total_seconds()
        for info in fees(week)
        if info.get("fwdAnswerTime")
    ]
    assert 62 < median(talks) < 78
    assert min(talks) >= 0 and sorted(talks)[len(talks) * 95 // 100] > 250


def test_a_working_day_has_two_peaks_and_a_weekend_is_quieter(week: list[Record]) -> None:
    local = [at(info["callInTime"]) + timedelta(hours=8) for info in fees(week)]
    hours = Counter(moment.hour for moment in local if moment.weekday() < 5)
    assert hours[10] > hours[13] < hours[18] and hours[3] * 10 < hours[18]
    days = Counter(moment.weekday() for moment in local)
    assert max(days[5], days[6]) < min(days[day] for day in range(5))


def test_a_failed_call_has_the_three_causes_that_belong_together(week: list[Record]) -> None:
    known = {(f.state_code, f.cause, f.sip_status) for f in failures.FAILURES}
    failed = [info for info in fees(week) if not info.get("fwdAnswerTime")]
    seen = {(info["ulFailReason"], info["fwdUnaswRsn"], info["sipStatusCode"]) for info in failed}
    assert seen <= known and len(seen) > len(known) / 2
    assert all(info["failTime"] == info["callEndTime"] for info in failed)


@pytest.mark.parametrize("failure", failures.FAILURES, ids=lambda failure: str(failure.state_code))
def test_every_cause_is_one_the_wire_format_knows(failure: failures.Failure) -> None:
    assert failure.state_code in STATE_CODES and failure.cause in {0, 1, 16, 17, 19, 20, 21, 27, 102}
    assert (failure.stage is failures.Stage.BINDING) == (failure.cause == 0 == failure.sip_status)


# pushes.md 6.1
STATE_CODES = {
    *(8013, 8014, 8016, 8019, 8022, 8030, 8031, 7501, 7502, 7516, 8032, 8033, 8025, 7503, 7504, 8035),
    *(*range(8100, 8106), 7100, 7101, 7105, 7106, 7108, 7507, 8006, 8010, 7001, 7002, 7003, 7004, 7005, 8047),
}


def test_the_events_of_a_call_stand_in_their_order_and_share_its_session(week: list[Record]) -> None:
    order = ["callin", "collectInfo", "callout", "alerting", "answer", "disconnect"]
    sessions: dict[str, list[str]] = {}
    for record in week:
        if record.kind is Kind.EVENT:
            kinds = sessions.setdefault(record.push["statusInfo"]["sessionId"], [])
            if record.push["eventType"] not in kinds:
                kinds.append(record.push["eventType"])
    assert sessions.keys() == {info["sessionId"] for info in fees(week)}
    assert all(kinds == sorted(kinds, key=order.index) and kinds[-1] == "disconnect" for kinds in sessions.values())
    assert any("collectInfo" in kinds for kinds in sessions.values())


def test_answered_means_an_answer_event_and_a_hang_up_without_reason(week: list[Record]) -> None:
    answered = {info["sessionId"] for info in fees(week) if info.get("fwdAnswerTime")}
    events = [record.push for record in week if record.kind is Kind.EVENT]
    told = {push["statusInfo"]["sessionId"] for push in events if push["eventType"] == "answer"}
    normal = {
        push["statusInfo"]["sessionId"]
        for push in events
        if push["eventType"] == "disconnect" and push["statusInfo"]["stateCode"] == 0
    }
    assert told == answered == normal


def test_some_cdrs_are_hours_late_some_come_twice_and_some_have_a_twin(week: list[Record]) -> None:
    records = [record for record in week if record.kind is Kind.CDR]
    late = [r for r in records if r.arrives_at - at(r.push["feeLst"][0]["callEndTime"]) > timedelta(hours=2)]
    assert 10 < len(late) < 60
    sent = Counter(json.dumps(record.push) for record in week)
    assert sum(times == 2 for times in sent.values()) > 20 and max(sent.values()) == 2
    assert sum(info.get("fwdAnswerTime") == "" for info in fees(week)) > 10


def test_sms_are_chinese_and_english_of_one_and_more_parts_and_some_fail(week: list[Record]) -> None:
    events = [record.push["smsEvent"] for record in week if record.kind is Kind.SMS]
    assert 550 < len(events) < 650
    assert {event["smsContent"].isascii() for event in events} == {True, False}
    parts = Counter(event["extInfo"]["extParas"][0]["value"] for event in events)
    assert parts["1"] > parts["2"] > 0
    assert 0.03 < sum(event["sendResult"] != 0 for event in events) / len(events) < 0.1


def test_a_number_that_becomes_unusable_is_normal_again_later(week: list[Record]) -> None:
    states: dict[str, list[str]] = {}
    for record in week:
        if record.kind is Kind.NUMBER_STATUS:
            entry = record.push["numInfo"][0]
            states.setdefault(entry["number"], []).append(entry["status"])
    assert states
    for changes in states.values():
        assert changes[1::2] == ["5"] * (len(changes) // 2) and "5" not in changes[::2]


def test_nothing_ends_after_the_end_of_a_short_window() -> None:
    short = replace(PLAN, end=START + timedelta(hours=1), calls=300)
    infos = fees(list(traffic.records(short)))
    assert sum(info.get("fwdAnswerTime") != "" for info in infos) == 300
    assert max(at(info["callEndTime"]) for info in infos) < short.end


def test_without_numbers_there_is_no_traffic() -> None:
    assert list(traffic.records(replace(PLAN, lines=[]))) == []


def test_instants_of_an_empty_window_are_none() -> None:
    assert clock.instants(Random(1), count=5, start=END, end=START, zone=PLAN.zone) == []


@pytest.mark.parametrize(
    ("content", "count"), [("a" * 160, 1), ("a" * 161, 2), ("字" * 70, 1), ("字" * 71, 2), ("", 1)]
)
def test_the_switch_counts_parts_as_the_product_does(content: str, count: int) -> None:
    assert texts.parts(content) == count


class Door(BaseHTTPRequestHandler):
    """The far end, as contract.md describes it: checks the signature, counts, or answers what it was told to."""

    protocol_version = "HTTP/1.1"
    bodies: list[list[Any]] = []
    answers: list[int] = []
    peers: set[Any] = set()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        credentials = headers.parse(dict(self.headers.items()))
        right = digests.matches("AKSK", credentials.digest, credentials.nonce, credentials.created, "secret-1")
        status = self.answers.pop(0) if self.answers else (200 if right and self.path == sender.PATH else 401)
        self.peers.add(self.client_address)
        if status == 200:
            self.bodies.append(json.loads(body))
        answer = json.dumps({"resultcode": "0", "stored": len(json.loads(body)), "repeated": 0, "quarantined": 0})
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[str]:
    Door.bodies, Door.answers, Door.peers = [], [], set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_switch_signs_and_keeps_its_connection_and_sends_at_most_a_thousand_at_once(door: str) -> None:
    with sender.Sender(door, key="switch1", secret="secret-1") as switch:
        tally = switch.send([{"n": index} for index in range(2500)])
    assert [len(body) for body in Door.bodies] == [1000, 1000, 500]
    assert (tally.received, tally.stored) == (2500, 2500) and len(Door.peers) == 1


def test_a_door_that_is_away_for_a_moment_is_tried_again(door: str) -> None:
    Door.answers = [503]
    with sender.Sender(door, key="switch1", secret="secret-1") as switch:
        assert switch.send([{"n": 1}]).stored == 1


def test_a_refusal_is_told_with_its_status(door: str) -> None:
    with sender.Sender(door, key="switch1", secret="wrong-secret") as switch:
        with pytest.raises(sender.SendFailed, match="answered 401"):
            switch.send([{"n": 1}])
