"""Files of numbers: CSV and XLSX, read and carried out; every bad line named, all or nothing."""

import io
from datetime import UTC, datetime

import openpyxl  # type: ignore[import-untyped]
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberOrder
from privacy.numbers import BadRows, sheets
from privacy.numbers.bulk import STEPS, Outcome, Run, carry_out
from privacy.numbers.cells import Choice
from privacy.numbers.sheets import Line, read

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
RUN = Run(Actor(name="operator", reason="ticket 17"), NOW)
COLUMNS = STEPS["issue"].columns
TEXT = "number,area_code,sms\n+8617100000021,0755,no\n\n8617100000022,755,\n"
EXPECTED = [
    Line(2, {"number": "+8617100000021", "area_code": "0755", "sms": "no"}),
    Line(4, {"number": "8617100000022", "area_code": "755", "sms": ""}),
]


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace(",", ";").replace("\n", "\r\n").encode(),
        TEXT.replace("number,area_code,sms", "号码,区号,短信").encode("gb18030"),
        workbook(("number", "area_code", "sms"), ("+8617100000021", "0755", False), (), (8617100000022, 755.0, None)),
    ],
    ids=["utf-8", "BOM", "semicolons", "GB18030", "XLSX"],
)
def test_files_of_every_kind_give_the_same_lines(content):
    assert read(content, COLUMNS) == EXPECTED


def test_a_lone_column_needs_no_header():
    assert read(b"+8617100000021\n+8617100000022\n", ("number",)) == [
        Line(1, {"number": "+8617100000021"}),
        Line(2, {"number": "+8617100000022"}),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"number\n", "nothing else"),
        (b"number,colour\n1,2\n", "not known here: colour"),
        (b"number,number\n1,2\n", "names a column twice"),
        (b"number,sms\n1,2,3\n", "more cells than the header"),
        (b'number\n"1\n', "line 2"),
        (b"\x00\x01", "neither CSV nor XLSX"),
        (b"number\n\x81\n", "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04broken", "is no workbook"),
        (b"number\n" + b"+8617100000021\n" * (sheets.MOST_LINES + 1), "more than 10000 lines"),
        (b"1" * (sheets.MOST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_cannot_be_read_says_why(content, problem):
    with pytest.raises(BadInput, match=problem):
        read(content, COLUMNS)


@pytest.mark.django_db
def test_a_file_issues_numbers_typed_in_any_form(acme):
    lines = read("号码,应用,短信\n8617100000021,,否\n+86 171 0000 0022,acmeAppKey01,\n".encode(), COLUMNS)
    chosen = Choice(application="acmeAppKey01")
    tried = Run(RUN.actor, NOW, dry_run=True)
    assert carry_out("issue", lines, chosen, tried) == Outcome(2)
    assert Number.objects.count() == 1
    assert carry_out("issue", lines, chosen, RUN) == Outcome(2)
    assert carry_out("issue", lines, chosen, RUN) == Outcome(0, 2)
    assert dict(Number.objects.exclude(pk=acme.number.pk).values_list("number", "sms")) == {
        "+8617100000021": False,
        "+8617100000022": True,
    }


@pytest.mark.django_db
def test_all_bad_lines_are_told_at_once(acme):
    lines = [Line(2, {"number": "", "sms": "yes"}), Line(3, {"number": "+8617100000021", "sms": "perhaps"})]
    with pytest.raises(BadRows) as raised:
        carry_out("issue", lines, Choice(application="acmeAppKey01"), RUN)
    assert [str(problem) for problem in raised.value.problems] == [
        "line 2, number: is missing; write it with + and country code",
        "line 3, sms: is neither yes nor no; write yes or no",
    ]
    assert str(raised.value).endswith("(and 1 more line)")


@pytest.mark.django_db
def test_orders_come_from_a_file_too(acme):
    lines = read(b"application,area_code,quantity,reference\nacmeAppKey01,755,20,o-1\n", STEPS["order"].columns)
    assert carry_out("order", lines, Choice(), RUN) == Outcome(1)
    assert carry_out("order", lines, Choice(), RUN) == Outcome(0, 1)
    assert NumberOrder.objects.get().quantity == 20


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(STEPS) - {"issue", "order", "ask_transfer"}))
def test_every_step_is_done_once_and_its_repeat_changes_nothing(acme, name):
    cast.make_application(acme.account, "acmeAppKey02")
    if name in {"resume", "sms_on", "release", "unblacklist"}:
        first = {"resume": "suspend", "sms_on": "sms_off", "release": "reserve", "unblacklist": "blacklist"}[name]
        carry_out(first, [Line(2, {"number": acme.number.number})], Choice(), RUN)
    lines, chosen = [Line(2, {"number": acme.number.number})], Choice("acmeAppKey02", "3")
    assert carry_out(name, lines, chosen, RUN) == Outcome(1)
    assert carry_out(name, lines, chosen, RUN) == Outcome(0, 1)
    with pytest.raises(BadRows, match="not one of our numbers"):
        carry_out(name, [Line(2, {"number": "+8617199999999"})], chosen, RUN)


def command(name: str, *args: str) -> str:
    out = io.StringIO()
    call_command(name, *args, "--reason", "ticket 17", stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_number_is_ordered_issued_moved_and_released_by_command(acme):
    cast.make_application(acme.account, "acmeAppKey02")
    order = ("--application", "acmeAppKey01", "--area-code", "755", "--quantity", "1", "--reference", "o-1")
    assert command("order_numbers", *order) == "changed 1, unchanged 0\n"
    tried = command("issue_numbers", "+8617100000021", "--order", "acme/o-1", "--dry-run")
    assert tried == "dry run: changed 1, unchanged 0\n"
    assert command("issue_numbers", "+8617100000021", "--order", "acme/o-1") == "changed 1, unchanged 0\n"
    moved = command("transfer_numbers", "+8617100000021", "--application", "acmeAppKey02")
    assert moved == "changed 1, unchanged 0, bindings ended 0\n"
    assert command("release_number", "+8617100000021") == "changed 1, unchanged 0, bindings ended 0\n"
    assert command("release_number", "+8617100000021") == "changed 0, unchanged 1, bindings ended 0\n"
    actions = AuditEntry.objects.order_by("pk").values_list("action", "subject", "username", "reason")
    assert list(actions) == [
        ("numbers.order", "o-1", "command", "ticket 17"),
        *(
            (f"numbers.{step}", "+8617100000021", "command", "ticket 17")
            for step in ("issue", "transfer", "unsubscribe")
        ),
    ]


@pytest.mark.django_db
def test_a_command_names_each_bad_line_and_does_nothing(acme, tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text("number,sms\n+8617100000021,\n17,\n+8617100000022,perhaps\n")
    err = io.StringIO()
    with pytest.raises(CommandError, match="2 lines cannot be done"):
        call_command("issue_numbers", file=str(file), application="acmeAppKey01", reason="x", stderr=err)
    assert err.getvalue().splitlines() == [
        "line 3, number: is no number; write it with + and country code, at most 15 digits",
        "line 4, sms: is neither yes nor no; write yes or no",
    ]
    assert Number.objects.count() == 1
    with pytest.raises(CommandError, match="either"):
        call_command("issue_numbers", reason="x")
    with pytest.raises(CommandError, match="No such file"):
        call_command("release_number", file=str(tmp_path / "none.csv"), reason="x")
    with pytest.raises(CommandError, match="no such order"):
        call_command("issue_numbers", "+8617100000021", order="acme/none", reason="x")
