"""import_cdrs: files as people have them, one transaction each (contract.md, Commands)."""

import csv
import hashlib
import io
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from django.core.management import CommandError, call_command

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Push
from privacy import imports
from privacy.models import Call, Quarantined, Record, Source
from privacy.tests import wires

pytestmark = pytest.mark.django_db
NOTHING = "stored 0, repeated 0, quarantined 0"


def run(path: Path | str, *options: str) -> str:
    """Return what the command prints."""
    out = io.StringIO()
    call_command("import_cdrs", str(path), *options, stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def json_lines(path: Path, *objects: Any) -> Path:
    """Write a JSON Lines file."""
    path.write_bytes(b"\n".join(orjson.dumps(one) for one in objects) + b"\n")
    return path


def csv_file(path: Path, *infos: dict[str, Any], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write a CSV file with the vendor's names as header."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, [*wires.fee(), "failTime"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(infos)
    return path


def test_json_lines_of_fee_infos_and_fee_pushes_are_loaded_once(acme, switch1, tmp_path):
    path = json_lines(tmp_path / "march.jsonl", wires.fee("a"), wires.fees(wires.fee("b"), wires.unanswered("c")))
    assert run(path) == "stored 3, repeated 0, quarantined 0"
    assert run(path) == "stored 0, repeated 3, quarantined 0"
    source = Source.objects.earliest("pk")
    assert (source.door, source.file_name, source.received) == ("import", "march.jsonl", 3)
    assert source.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.person
    assert list(Call.objects.order_by("record_id").values_list("source_line", flat=True)) == [1, 2, 2]


@pytest.mark.parametrize(
    ("encoding", "delimiter", "options"),
    [("utf-8", ",", ()), ("utf-8-sig", ",", ()), ("utf-8", ";", ()), ("gb18030", "\t", ("--encoding", "gb18030"))],
)
def test_csv_with_the_vendors_names_is_loaded(acme, switch1, tmp_path, encoding, delimiter, options):
    infos = [wires.fee("a", hostName="主机"), wires.unanswered("b", fwdAnswerTime="")]
    path = csv_file(tmp_path / "cdrs.csv", *infos, encoding=encoding, delimiter=delimiter)
    assert run(path, *options) == "stored 2, repeated 0, quarantined 0"
    call = Call.objects.get(record_id="a")
    assert (call.host_name, call.direction, call.recorded, call.source_line) == ("主机", 1, False, 2)


def test_the_same_record_as_csv_and_as_json_is_the_same(acme, switch1, tmp_path):
    run(json_lines(tmp_path / "a.jsonl", wires.fee("a")))
    assert run(csv_file(tmp_path / "a.csv", wires.fee("a"))) == "stored 0, repeated 1, quarantined 0"


def test_times_of_another_zone_become_utc(acme, switch1, tmp_path):
    names = ("callInTime", "fwdStartTime", "fwdAlertingTime", "fwdAnswerTime", "callEndTime")
    local = {name: wires.fee()[name].replace(" 02:", " 10:") for name in names}
    acme.application.cdr_url = "https://acme.example/fee"
    acme.application.save()
    run(csv_file(tmp_path / "a.csv", wires.fee("a", **local)), "--timezone", "Asia/Shanghai")
    assert Call.objects.get().answered_at == datetime(2026, 3, 1, 2, 3, 46, tzinfo=UTC)
    info = orjson.loads(Push.objects.get().body)["feeLst"][0]
    assert (info["fwdAnswerTime"], info["direction"]) == ("2026-03-01 02:03:46", 1)


def test_no_push_leaves_the_customers_alone(acme, switch1, tmp_path):
    acme.application.cdr_url = "https://acme.example/fee"
    acme.application.save()
    assert run(json_lines(tmp_path / "a.jsonl", wires.fee()), "--no-push").startswith("stored 1")
    assert not Push.objects.exists()


def test_bad_records_wait_and_good_neighbours_are_stored(acme, switch1, tmp_path):
    path = json_lines(tmp_path / "a.jsonl", wires.fee("a"), wires.fee("b", callEndTime=...), wires.fee("c", appKey="x"))
    assert run(path) == "stored 1, repeated 0, quarantined 2"
    assert sorted(Quarantined.objects.values_list("line", flat=True)) == [2, 3]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (orjson.dumps(wires.fee()) + b"\n{\n", 2, "not JSON"),
        (orjson.dumps(wires.fee()) + b"\n" + orjson.dumps(wires.event()), 2, "only CDRs"),
        (b"\xff\xfe", 1, "--encoding"),
        (b"a,b,c\n1,2,3\n", 1, "neither JSON"),
        (b"icid,appKey\n1\n", 2, "1 cells"),
        (b"icid,icid\n1,2\n", 1, "twice"),
        (b'icid,appKey\n"1,2\n', 2, "CSV"),
        (b"[1]\n", 1, "not an object"),
    ],
)
def test_a_file_that_cannot_be_read_stores_nothing_and_names_the_line(acme, switch1, tmp_path, content, line, problem):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=rf"bad.txt, line {line}: .*{problem}"):
        run(path)
    assert not Record.objects.exists()
    assert not Source.objects.exists()


def test_an_empty_file_holds_nothing(acme, switch1, tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"\n \n")
    assert run(path) == NOTHING


def test_standard_input_is_a_file_too(acme, switch1):
    stdin = io.TextIOWrapper(io.BytesIO(orjson.dumps(wires.fee())))
    with patch("sys.stdin", stdin):
        assert run("-") == "stored 1, repeated 0, quarantined 0"
    assert Source.objects.get().file_name == "standard input"


def test_a_pipe_is_a_file_too(acme, switch1, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[orjson.dumps(wires.fee())])
    writer.start()
    assert run(pipe) == "stored 1, repeated 0, quarantined 0"
    writer.join()


def test_the_upstream_is_named_when_there_are_several(acme, switch1, tmp_path):
    cast.make_upstream("switch2")
    path = json_lines(tmp_path / "a.jsonl", wires.fee())
    with pytest.raises(CommandError, match="switch1, switch2"):
        run(path)
    assert run(path, "--upstream", "switch2").startswith("stored 1")
    with pytest.raises(CommandError, match="switch3"):
        run(path, "--upstream", "switch3")


@pytest.mark.parametrize(
    "options", [("--timezone", "Mars/Base"), ("--encoding", "klingon"), ("--encoding", "hex"), ("--encoding", "a\0")]
)
def test_wrong_options_are_named(acme, switch1, tmp_path, options):
    with pytest.raises(CommandError, match=options[1]):
        run(json_lines(tmp_path / "a.jsonl", wires.fee()), *options)


def test_a_missing_file_is_named(acme, switch1):
    with pytest.raises(CommandError, match="nowhere"):
        run("/nowhere.csv")


def test_a_repeat_in_a_later_batch_of_the_same_file_is_a_repeat(acme, switch1, tmp_path):
    path = json_lines(tmp_path / "a.jsonl", *[wires.fee(str(n % 7)) for n in range(20)])
    with patch.object(imports, "BATCH", 3):
        assert run(path) == "stored 7, repeated 13, quarantined 0"
