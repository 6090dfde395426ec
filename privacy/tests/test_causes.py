"""Every code of pushes.md 4.2.1, 5 and 6 has its sentence, its side and its cure, in English and Chinese."""

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from privacy import causes

# Written from the pages of the reference, not from our table.
STATE = [
    0, 8013, 8014, 8016, 8019, 8022, 8030, 8031, 7501, 7502, 7516, 8032, 8033, 8025, 7503, 7504, 8035,
    *range(8100, 8106), 7100, 7101, 7105, 7106, 7108, 7507, 8006, 8010, 7001, 7002, 7003, 7004, 7005, 7107, 7109, 7500,
    8018, 8023, 8024, 8042, 8043, 8044, 8046, 8047, 8048, 8049, 8050, 8051, 8055, 8056, 8057, 522, 8007, 8008, 8015,
    8041, 7102, 8011, 8020, 8040, 8139, 7505, 7506, 7508, 8017, 8001, 8002, 8003, 8004, 8005, 8009, 8012,
    *range(8106, 8112),
]  # fmt: skip
RELEASE = [
    0, 522, *range(7001, 7006), *range(7100, 7110), *range(7500, 7509), 7516, *range(8002, 8021), 8022, 8023, 8040,
    8041, 100, *range(501, 511), *range(512, 522), 524, 526, 527, 528, 529, 530, 539, 540, 541, 542, *range(550, 554),
    *range(400, 700), 1001, 1002, 1003, 1004, *range(2801, 2915),
]  # fmt: skip
Q850 = [
    *range(10), *range(16, 24), *range(25, 32), 34, *range(38, 45), 46, 47, 49, 50, 53, 55, 57, 58, 62, 63, 65, 66, 69,
    70, 79, *range(81, 89), 90, 91, *range(95, 104), 110, 111, 127,
]  # fmt: skip
CODES: dict[str, tuple[Callable[[Any], Any], list[int]]] = {
    "state": (causes.state, STATE),
    "release": (causes.release, RELEASE),
    "q850": (causes.q850, Q850),
    "sip": (causes.sip, [404, 480, 486, 603, 403, 487, 408, 499, 599, 699]),
    "send_result": (causes.send_result, list(range(14))),
    "number_status": (causes.number_status, [5, 9, 10, 11]),
    "number_cause": (causes.number_cause, [1, 2, 3, 5, 6, 7, 8, 9]),
}
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("table", CODES)
def test_every_code_has_all_its_texts(table: str) -> None:
    look_up, codes = CODES[table]
    assert [code for code in codes if look_up(code) is None] == []
    for code in codes:
        cause = look_up(code)
        for text in (cause.sentence("en"), cause.cure("en"), cause.side_words("en")):
            assert text.isascii() and len(text) > 6, (table, code)
        for text in (cause.sentence("zh-hans"), cause.cure("zh-hans"), cause.side_words("zh-hans")):
            assert HAN.search(text), (table, code)
        assert cause.sentence("en").endswith(".") and cause.sentence("zh").endswith("。")


def test_no_text_holds_a_mistake_of_copying() -> None:
    every = [cause for table in CODES for cause in causes.every(table)]
    english = [text for cause in every for text in (cause.sentence("en"), cause.cure("en"))]
    chinese = [text for cause in every for text in (cause.sentence("zh"), cause.cure("zh"))]
    assert [text for text in chain(english, chinese) if text != text.strip() or "  " in text] == []
    assert [text for text in chinese if re.search(r"[,;]|\.$", text)] == []


@pytest.mark.parametrize(
    ("look_up", "code"),
    [
        (causes.state, 9999), (causes.state, 480), (causes.release, 333), (causes.release, 700), (causes.q850, 10),
        (causes.q850, -1), (causes.send_result, 14), (causes.number_cause, "4"), (causes.number_cause, ""),
        (causes.number_cause, "x"), (causes.sip, 200),
    ],
)  # fmt: skip
def test_a_code_that_no_table_has_is_none(look_up, code) -> None:
    assert look_up(code) is None


@pytest.mark.parametrize(
    ("code", "table"),
    [
        (7503, "release"),
        (8102, "state"),
        (518, "release"),
        (522, "state"),
        (480, "sip"),
        (504, "release"),
        (560, "sip"),
    ],
)
def test_a_release_point_has_its_own_words_then_those_of_state_codes_then_a_sip_status(code, table) -> None:
    cause = causes.release(code)
    assert cause is not None and cause.table == table


def test_codes_that_go_together_are_all_known() -> None:
    for state, (q850, sip) in causes.PAIRS.items():
        assert causes.state(state) and causes.q850(q850) and causes.sip(sip)


def test_the_description_of_a_normal_end_is_the_documented_one() -> None:
    assert causes.description(0) == "The user releases the call."
    assert causes.description(8102) == "The callee was busy."
    assert causes.description(9999) == ""
