"""The receiver behind A's text, and words found however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.parties import is_bindable
from privacy.routing import keywords, suffix

MOBILES = st.integers(13_000_000_000, 19_999_999_999).map(lambda number: f"+86{number}")
FIXED = st.sampled_from(["10", "20", "755", "8862", "951"]).flatmap(
    lambda code: st.integers(10**7, 10**8 - 1).map(lambda rest: f"+86{code}{rest}"[: 14 if len(code) > 2 else 13])
)
PERSONS = st.one_of(MOBILES, FIXED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello@13900000202", ("hello", "+8613900000202")),
        ("hello@8613900000202", ("hello", "+8613900000202")),
        ("hello@+8613900000202", ("hello", "+8613900000202")),
        ("hello@008613900000202", ("hello", "+8613900000202")),
        ("hello@075512345678", ("hello", "+8675512345678")),
        ("hello@+12025550123", ("hello", "+12025550123")),
        ("hello@13900000202 \n", ("hello", "+8613900000202")),
        ("two\nlines @13900000202", ("two\nlines ", "+8613900000202")),
        ("me@home.example@13900000202", ("me@home.example", "+8613900000202")),
        ("hello@13900000101@13900000202", ("hello@13900000101", "+8613900000202")),
        ("hello@13900000202@", None),
        ("hello@@13900000202", ("hello@", "+8613900000202")),
        ("@13900000202", ("", "+8613900000202")),
        ("@13900000202 hello", None),
        ("hello＠13900000202", None),
        ("hello@ 13900000202", None),
        ("hello@139-0000-0202", None),
        ("hello@１３９０００００２０２", None),
        ("hello@1390000020", None),
        ("hello@139000002021", None),
        ("hello@12345678", None),
        ("hello@12025550123", None),
        ("hello@+861390000020", None),
        ("hello@10086", None),
        ("hello@10690000123", None),
        ("hello@4001234567", None),
        ("hello@95588", None),
        ("hello@", None),
        ("", None),
        ("@", None),
        ("13900000202", None),
    ],
)
def test_a_suffix_is_a_half_width_at_and_a_number_at_the_end(text: str, expected: tuple[str, str] | None) -> None:
    assert suffix.split(text) == expected


@given(text=st.text(max_size=200), number=PERSONS, blanks=st.text(" \t\n\r", max_size=3))
def test_what_stands_before_the_suffix_comes_back_as_it_was(text: str, number: str, blanks: str) -> None:
    for written in (number, suffix.as_dialled(number), number[1:], "00" + number[1:]):
        assert suffix.split(f"{text}@{written}{blanks}") == (text, number)


@given(text=st.text(max_size=100), number=PERSONS, after=st.text(min_size=1, max_size=3))
def test_anything_but_blanks_behind_the_number_undoes_the_suffix(text: str, number: str, after: str) -> None:
    split = suffix.split(f"{text}@{number}{after}")
    assert split is None or not after.strip() or split[1] != number


@given(st.text(alphabet="@+0123456789 a＠汉", max_size=40))
def test_a_text_is_never_split_but_at_its_last_at(text: str) -> None:
    if split := suffix.split(text):
        before, number = split
        assert before == text[: text.rindex("@")]
        assert is_bindable(number)


@pytest.mark.parametrize(
    "number", ["10086", "+10086", "95588", "106", "10690000123", "+8610690000123", "12306", "4001234567", "1065712345"]
)
def test_short_codes_and_channel_numbers_are_no_persons(number: str) -> None:
    assert suffix.is_channel(number)
    assert suffix.receiver(number) == ""


@given(PERSONS)
def test_a_persons_number_is_no_channel(number: str) -> None:
    assert not suffix.is_channel(number)
    assert suffix.receiver(number) == number


@pytest.mark.parametrize("sender", ["anonymous", "", "+12025550123", "+8617100000001"])
def test_other_senders_are_no_channels(sender: str) -> None:
    assert not suffix.is_channel(sender)


@pytest.mark.parametrize(
    ("word", "text", "held"),
    [
        ("sale", "Great SALE today", True),
        ("sale", "Great ＳＡＬＥ today", True),
        ("ＳＡＬＥ", "sale", True),
        ("sale", "s a l e", False),
        ("sale", "wholesale", True),
        ("big sale", "BIG\u3000\n sale", True),
        ("big sale", "bigsale", False),
        ("nes", "an essay", False),
        ("发票", "代开发票", True),
        ("发票", "代开发 票", True),
        ("发票", "代开发\u200b票", True),
        ("开 票", "开票", True),
        ("发票", "发展 机票", False),
        ("vx", "加ＶＸ：abc", True),
        ("①", "1", True),
        ("sale", "", False),
    ],
)
def test_a_word_is_found_however_it_is_written(word: str, text: str, held: bool) -> None:
    assert keywords.found(text, (word,)) == ((word,) if held else ())
    assert keywords.lacks(text, (word,)) is not held


UNSEEN = [
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x200B, 0x200F, 0x202E, 0x2060,
    0x2065, 0x2800, 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, 0xFFF0, 0xE0001, 0xE0061, 0xE0100, 0xE01EF, 0xE0FFF,
]  # fmt: skip


@pytest.mark.parametrize("unseen", [*map(chr, UNSEEN), "\u2800\u3164\ufe0f"], ids=ascii)
def test_characters_that_nobody_sees_hide_no_word(unseen: str) -> None:
    for word in ("发票", "sale", "café"):
        hidden = unseen.join(["", *word, ""])
        assert keywords.found(f"x {hidden} y", (word,)) == (word,)
        assert keywords.fold(hidden) == keywords.fold(word)
    # In the middle of a letter that is written as two.
    assert keywords.found(f"cafe{unseen}\u0301", ("café",)) == ("café",)


@given(before=st.text(max_size=20), word=st.text(min_size=1, max_size=10), after=st.text(max_size=20))
def test_folding_twice_changes_nothing(before: str, word: str, after: str) -> None:
    folded = keywords.fold(before + word + after)
    assert keywords.fold(folded) == folded


def test_one_of_the_required_words_is_enough_and_none_requires_nothing() -> None:
    assert not keywords.lacks("from acme", ("bolt", "acme"))
    assert keywords.lacks("from corp", ("bolt", "acme"))
    assert not keywords.lacks("", ())
    assert keywords.found("anything", ()) == ()
