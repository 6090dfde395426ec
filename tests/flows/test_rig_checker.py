"""The rig's checker finds every kind of fault that is put into a run in which all is well, and nothing else."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from bench.rig import checker, criteria, receiver, records
from bench.rig.checker import Excuse, Verdict
from bench.rig.criteria import Criterion
from bench.rig.monkey import STOPPED, VICTIMS, Kill, Monkey
from bench.rig.stage import Stage

CALLS, STEPS = ("s", "t"), 3
AT_A_KILL = 2


class Run:
    """Two calls of three records each, told, taken in order and listed as delivered."""

    def __init__(self) -> None:
        keys = [(call, step) for step in range(STEPS) for call in CALLS]
        owners = {"s": 0, "t": 1}
        self.told: list[dict[str, Any]] = []
        self.came: list[dict[str, Any]] = []
        self.listed: list[dict[str, Any]] = []
        self.excuses: list[Excuse] = []
        for at, (call, step) in enumerate(keys):
            id, key = f"{call}{step}", [call, step]
            self.told += [{"sent": [key], "of": [owners[call]]}, {"acked": [key]}]
            self.came.append(
                {"id": id, "to": f"/faulty/{owners[call]}", "key": key, "sha": id, "came": 100.0 + at, "told": 200,
                 "sequence": str(10 + step), "good": True, "replay": False}
            )  # fmt: skip
            self.listed.append({"id": id, "key": key, "sha": id, "state": "delivered"})

    def arrival(self, id: str) -> dict[str, Any]:
        """Return the request of one push."""
        return next(line for line in self.came if line["id"] == id)

    def again(self, id: str, /, **other: Any) -> None:
        """Have a push come once more at the end."""
        self.came.append(copy.deepcopy(self.arrival(id)) | {"came": 200.0} | other)

    def row(self, id: str) -> dict[str, Any]:
        """Return one push in the list."""
        return next(line for line in self.listed if line["id"] == id)

    def verdict(self) -> Verdict:
        return checker.check(self.told, self.came, self.listed, self.excuses)

    def wrong(self) -> set[str]:
        """Return which criteria are not met."""
        return {one.name for one in self.verdict().criteria(most_at_a_kill=AT_A_KILL) if not one.met}


def drop_one(run: Run) -> None:
    run.came.remove(run.arrival("s2"))
    run.listed.remove(run.row("s2"))


def drop_one_that_is_called_delivered(run: Run) -> None:
    run.came.remove(run.arrival("s2"))


def hide_one_from_the_list(run: Run) -> None:
    run.listed.remove(run.row("t1"))


def list_one_twice(run: Run) -> None:
    run.listed.append(run.row("t1"))


def list_other_bytes(run: Run) -> None:
    run.row("t1")["sha"] = "other"


def swap_two(run: Run) -> None:
    first, second = run.came.index(run.arrival("s1")), run.came.index(run.arrival("s2"))
    run.came[first], run.came[second] = run.came[second], run.came[first]


def send_before_the_first_was_taken(run: Run) -> None:
    run.came.insert(0, run.arrival("s1") | {"told": 500})


def corrupt_a_body_sent_again(run: Run) -> None:
    run.excuses.append(Excuse(150.0, 152.0, 90.0))
    run.again("s1", sha="corrupt")


def give_another_id_when_sent_again(run: Run) -> None:
    run.excuses.append(Excuse(150.0, 152.0, 90.0))
    run.again("s1", id="another")


def break_a_signature(run: Run) -> None:
    run.arrival("t0")["good"] = False


def send_what_nobody_told(run: Run) -> None:
    run.again("s0", id="u0", key=["u", 0])


def send_what_is_no_record(run: Run) -> None:
    run.again("s0", id="u0", key=None)


def send_to_somebody_else(run: Run) -> None:
    run.arrival("t0")["to"] = "/faulty/0"


def send_twice_for_no_reason(run: Run) -> None:
    run.again("s2")


def send_twice_long_before_a_kill(run: Run) -> None:
    run.excuses.append(Excuse(190.0, 300.0, 187.0))
    run.again("s2", came=400.0)


def send_twice_before_a_kill(run: Run) -> None:
    run.excuses.append(Excuse(110.0, 112.0, 90.0))
    run.again("s2", came=109.0)


def send_too_many_after_a_kill(run: Run) -> None:
    run.excuses.append(Excuse(110.0, 112.0, 90.0))
    for id in ("s1", "s2", "t2"):
        run.again(id)


def number_wrongly(run: Run) -> None:
    run.arrival("s1")["sequence"] = "12"
    run.arrival("s2")["sequence"] = "11"


def number_anew(run: Run) -> None:
    run.excuses.append(Excuse(110.0, 112.0, 90.0))
    run.again("s2", sequence="14")


def leave_one_waiting(run: Run) -> None:
    run.came.remove(run.arrival("t2"))
    run.row("t2")["state"] = "waiting"


def give_one_up(run: Run) -> None:
    run.came.remove(run.arrival("t2"))
    run.row("t2")["state"] = "dead"


FAULTS: list[tuple[Callable[[Run], None], set[str]]] = [
    (drop_one, {"acknowledged and neither delivered, pending nor dead"}),
    (
        drop_one_that_is_called_delivered,
        {"acknowledged and neither delivered, pending nor dead", "said to be delivered and never taken"},
    ),
    (hide_one_from_the_list, {"arrived and not in the list of pushes"}),
    (list_one_twice, {"in the list twice, or with other bytes"}),
    (list_other_bytes, {"in the list twice, or with other bytes"}),
    (swap_two, {"first deliveries out of order", "sent before the one before it was taken"}),
    (send_before_the_first_was_taken, {"sent before the one before it was taken"}),
    (corrupt_a_body_sent_again, {"another body or id than the first time"}),
    (give_another_id_when_sent_again, {"another body or id than the first time"}),
    (break_a_signature, {"bad signatures"}),
    (send_what_nobody_told, {"arrived and never told"}),
    (send_what_is_no_record, {"arrived and never told"}),
    (send_to_somebody_else, {"sent to somebody else's server"}),
    (send_twice_for_no_reason, {"sent again though nothing was killed"}),
    (send_twice_long_before_a_kill, {"sent again though nothing was killed"}),
    (send_twice_before_a_kill, {"sent again though nothing was killed"}),
    (send_too_many_after_a_kill, {"pushes that came twice after one kill, at most"}),
    (number_wrongly, {"numbered out of order"}),
    (number_anew, {"numbered out of order"}),
    (leave_one_waiting, {"pending at the end"}),
    (give_one_up, {"dead at the end"}),
]


@pytest.mark.parametrize(("fault", "wrong"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_the_checker_sees_each_kind_of_fault(fault: Callable[[Run], None], wrong: set[str]) -> None:
    run = Run()
    fault(run)
    assert run.wrong() == wrong


def test_every_criterion_can_fail() -> None:
    seen = set().union(*(wrong for _, wrong in FAULTS))
    every = {one.name for one in Verdict().criteria(most_at_a_kill=AT_A_KILL)}
    assert every - seen == {"records acknowledged"}
    assert [one.name for one in Verdict().criteria(most_at_a_kill=AT_A_KILL) if not one.met] == ["records acknowledged"]


def test_a_run_in_which_all_is_well_has_no_fault() -> None:
    run = Run()
    run.came.insert(0, run.arrival("s0") | {"told": 500, "came": 99.0})
    run.came.insert(1, run.arrival("t0") | {"told": 0, "came": 99.5})
    run.excuses.append(Excuse(110.0, 112.0, 90.0))
    run.again("s2", came=120.0)
    run.again("s2", came=300.0, replay=True)
    assert run.wrong() == set()
    verdict = run.verdict()
    assert (verdict.acknowledged, verdict.delivered, verdict.requests, verdict.duplicates) == (6, 6, 10, 1)
    assert verdict.at_kills == {110.0: 1}


def test_what_came_twice_is_put_down_to_the_last_kill_before_it() -> None:
    run = Run()
    run.excuses += [Excuse(at, at + 20.0, at - 60.0) for at in (106.0, 108.0, 130.0)]
    run.again("s2", came=120.0)
    assert run.verdict().at_kills == {108.0: 1}


@pytest.mark.parametrize("victim", [*VICTIMS, STOPPED])
def test_only_a_database_forgets_what_was_taken_a_while_before(tmp_path: Path, victim: str) -> None:
    run, monkey = Run(), Monkey(Stage(tmp_path))
    monkey.kills.append(Kill(victim, 110.0))
    run.excuses += monkey.excuses()
    run.again("s2", came=120.0)
    assert (run.wrong() == set()) == (victim in ("backend", "postmaster"))


def test_what_a_dispatcher_took_just_before_it_was_killed_may_come_again(tmp_path: Path) -> None:
    run, monkey = Run(), Monkey(Stage(tmp_path))
    monkey.kills += [Kill("dispatcher", 106.0), Kill(STOPPED, 120.0)]
    run.excuses += monkey.excuses()
    run.again("s2", came=130.0)
    assert run.wrong() == set()


def test_what_came_again_after_a_kill_may_fail_and_come_once_more() -> None:
    run = Run()
    run.excuses.append(Excuse(110.0, 112.0, 90.0))
    run.again("s2", came=120.0, told=500)
    run.again("s2", came=180.0)
    assert run.wrong() == set()
    run.again("s2", came=190.0)
    assert run.wrong() == {"sent again though nothing was killed"}


def test_a_record_that_was_not_acknowledged_may_be_lost_or_not() -> None:
    run = Run()
    run.told = [line for line in run.told if line != {"acked": [["s", 2]]}]
    drop_one(run)
    assert run.wrong() == set()


def headers(body: bytes) -> dict[str, str]:
    """Return the headers of a push of this body, made by others than the product."""
    now = datetime.now(UTC)
    signature = standardwebhooks.Webhook(records.SECRET.encode()).sign("msg_1", now, body.decode())
    webhook = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    return webhook | {"x-aksk": records.signed("rigKey0000", records.SECRET)["X-AKSK"]}


def test_the_receiver_sees_a_bad_signature_of_either_kind() -> None:
    body = b'{"eventType":"answer"}'
    good = headers(body)
    assert receiver.is_good(good, body)
    assert not receiver.is_good(good, body.replace(b"answer", b"Answer"))
    for name in good:
        assert not receiver.is_good({**good, name: good[name][:-3] + "xx="}, body), name
        assert not receiver.is_good({other: value for other, value in good.items() if other != name}, body), name


def test_the_table_says_what_is_not_met() -> None:
    found = [
        Criterion.of_none("inversions", ["s 1", "t 2"]),
        Criterion.of_seconds("the end", None, most=2),
        Criterion.of_seconds("the end again", 1.25, most=2),
        Criterion.of_share("the rate", 40, 100, least=0.8),
        Criterion.of_share("the rate again", 90, 100, least=0.8),
    ]
    assert criteria.unmet(found) == [
        "inversions: 2, wanted 0; the first: s 1, t 2",
        "the end: never, wanted <= 2 s",
        "the rate: 40% (40/s of 100/s), wanted >= 80%",
    ]
    assert criteria.table(found).count("NOT MET") == criteria.table(found).count("WRONG") == 3
