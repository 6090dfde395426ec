"""The result codes: each refusal of a binding has one in every mode it can happen in (northbound.md 9)."""

import pytest

from privacy.api.northbound import codes
from privacy.api.northbound.operations import OPERATIONS
from privacy.bindings import problems
from privacy.bindings.problems import BindingRefused

MODES = ["AX", "AXB", "AXE", "AXYB"]
EVERYWHERE = [
    problems.NotYourNumber,
    problems.NumberFrozen,
    problems.NumberUnusable,
    problems.NumberTaken,
    problems.NumberFull,
    problems.NoneLeft,
    problems.PartyBound,
    problems.ExtensionTaken,
    problems.NoSuchBinding,
]
TABLE: list[tuple[str, str, type[BindingRefused], str]] = [
    ("AX", "bind", problems.NotYourNumber, "1011001"),
    ("AX", "bind", problems.NoneLeft, "1011002"),
    ("AX", "bind", problems.TooManyNumbers, "1011003"),
    ("AX", "unbind", problems.NoSuchBinding, "1011004"),
    ("AX", "bind", problems.NumberTaken, "1011005"),
    ("AX", "bind", problems.PartyBound, "1016002"),
    ("AX", "query", problems.NoSuchBinding, "1016001"),
    ("AX", "modify", problems.NoSuchBinding, "1016001"),
    ("AX", "callee", problems.NoSuchBinding, "1016001"),
    ("AXB", "bind", problems.NotYourNumber, "1012001"),
    ("AXB", "unbind", problems.NoSuchBinding, "1012001"),
    ("AXB", "query", problems.NoSuchBinding, "1012007"),
    ("AXB", "modify", problems.NoSuchBinding, "1012007"),
    ("AXB", "bind", problems.NoneLeft, "1012008"),
    ("AXB", "bind", problems.NumberFull, "1012008"),
    ("AXB", "modify", problems.PartyBound, "1012010"),
    ("AXE", "bind", problems.NotYourNumber, "1012001"),
    ("AXE", "bind", problems.NoneLeft, "1012008"),
    ("AXE", "bind", problems.PartyBound, "1013102"),
    ("AXE", "bind", problems.ExtensionTaken, "1020167"),
    ("AXE", "unbind", problems.NoSuchBinding, "1012001"),
    ("AXE", "query", problems.NoSuchBinding, "1012007"),
    ("AXYB", "bind", problems.NoneLeft, "1012008"),
    ("AXYB", "bind", problems.TooManyNumbers, "1011003"),
    ("AXYB", "bind", problems.PartyBound, "1012010"),
    ("AXYB", "unbind", problems.NoSuchBinding, "1016001"),
    ("AXYB", "query", problems.NoSuchBinding, "1016001"),
]


@pytest.mark.parametrize(("mode", "operation", "problem", "code"), TABLE)
def test_a_refused_binding_has_the_code_of_its_mode(
    mode: str, operation: str, problem: type[BindingRefused], code: str
) -> None:
    answer = codes.answer(problem(), mode, f"{mode.lower()}.{operation}")

    assert (answer.code, answer.http_status) == (code, 403)
    assert answer.description == codes.TEXTS[code][1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("problem", EVERYWHERE)
def test_every_refusal_has_a_code_in_every_mode(mode: str, problem: type[BindingRefused]) -> None:
    assert codes.answer(problem(), mode, f"{mode.lower()}.bind").http_status == 403


def test_every_text_is_short_ascii_for_people() -> None:
    for code, (status, text) in codes.TEXTS.items():
        assert code.isdecimal() and text.isascii() and 0 < len(text) <= 128
        assert status in (200, 400, 401, 403, 500), code


def test_flow_control_and_a_wrong_digest_share_a_number_but_no_status() -> None:
    assert codes.of_code("1010010").http_status == 403
    assert codes.of_code("1010002", "callerNum: is missing").description == "Invalid request. callerNum: is missing"


def test_the_codes_an_operation_names_are_those_its_refusals_get() -> None:
    found: dict[str, set[str]] = {name: set() for name in OPERATIONS}
    for mode, operation, problem, code in TABLE:
        found[f"{mode.lower()}.{operation}"].add(code)
        assert codes.answer(problem(), mode, f"{mode.lower()}.{operation}").code == code
    for name, named in found.items():
        assert named <= set(OPERATIONS[name][1]), name
    for name, (_, refusals) in OPERATIONS.items():
        assert all(codes.TEXTS[code][0] == 403 for code in refusals), name
