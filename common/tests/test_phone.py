import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.phone import mask, mask_in_text, mask_in_url, normalise, parse_typed


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("+8613900000101", "+8613900000101"),
        (" +86 139-0000-0101 ", "+8613900000101"),
        ("\0+8613900000101\0", "+8613900000101"),
        ("10086", "10086"),
        ("95588", "95588"),
        ("anonymous", "anonymous"),
        ("8613900000101", "8613900000101"),
        ("+0", "+0"),
        ("  ", ""),
        ("", ""),
        ("\ud800", "?"),
        ("1" * 32, "1" * 32),
    ],
)
def test_what_a_machine_sends_is_stored_as_e164_or_as_sent(sent: str, stored: str) -> None:
    assert normalise(sent) == stored


@given(st.text(max_size=32))
def test_any_short_text_has_a_stored_form_that_stays(text: str) -> None:
    stored = normalise(text)
    assert normalise(stored) == stored
    assert "\0" not in stored and len(stored) <= 32
    parse_typed(text[:8])
    mask(text)


def test_more_than_32_characters_are_no_number() -> None:
    with pytest.raises(BadInput, match="number: longer than 32 characters"):
        normalise("1" * 33)


@pytest.mark.parametrize(
    "typed",
    [
        "+8613900000101",
        "13900000101",
        "139 0000 0101",
        "139-0000-0101",
        "(139) 0000.0101",
        "１３９０００００１０１",
        "＋８６ １３９ ００００ ０１０１",
        "008613900000101",
        "0086 139 0000 0101",
        "8613900000101",
        "\u202d13900000101\u202c",
    ],
)
def test_every_way_to_type_a_mobile_number_gives_one_form(typed: str) -> None:
    assert parse_typed(typed) == "+8613900000101"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("0755-12345678", "+8675512345678"),
        ("（０７５５）１２３４５６７８", "+8675512345678"),
        ("010 1234 5678", "+861012345678"),
        ("+86 (0)755 1234 5678", "+8675512345678"),
        ("0044 20 7946 0000", "+442079460000"),
        ("+1 212 555 0100", "+12125550100"),
        ("10086", "10086"),
        ("95 588", "95588"),
        ("4001234567", "4001234567"),
        ("anonymous", "anonymous"),
        ("order 17", "order 17"),
        ("", ""),
    ],
)
def test_what_a_person_types_is_understood(typed: str, stored: str) -> None:
    assert parse_typed(typed) == stored


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+8613900000101", "+86139****0101"),
        ("+8675512345678", "+86755****5678"),
        ("+12125550100", "+1212*****00"),
        ("+6591234567", "+65912***67"),
        ("+85212345", "+8521****"),
        ("10086", "1****"),
        ("075512345678", "075*****5678"),
        ("anonymous", "a********"),
        ("", ""),
    ],
)
def test_a_number_is_shown_in_one_masked_form(number: str, masked: str) -> None:
    assert mask(number) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_at_least_three_digits_are_hidden_or_all_but_one(number: str) -> None:
    masked = mask(number)
    assert len(masked) == len(number)
    assert masked.count("*") >= 3 or len(number) <= 7


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("customer 13800138000 asked", "customer *******8000 asked"),
        ("customer +86 138-0013-8000 asked", "customer +** ***-****-8000 asked"),
        ("客户13800138000来电", "客户*******8000来电"),
        ("(0755) 1234 5678", "(****) **** 5678"),
        ("１３８００１３８０００", "*******８０００"),
        ("ticket 4711, on 2026-03-01 02:05 and 2026-03-02", "ticket 4711, on 2026-03-01 02:05 and 2026-03-02"),
        ("on 2026-03-01 13800138000 asked", "on 2026-03-01 *******8000 asked"),
        ("10086 asked", "10086 asked"),
        ("court order 12", "court order 12"),
        ("", ""),
    ],
)
def test_a_number_in_a_text_is_masked_and_a_date_stays(written: str, kept: str) -> None:
    assert mask_in_text(written) == kept
    assert mask_in_text(kept) == kept


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "https://203.0.113.10:8443/a/8613900000001?d=2026-03-01",
            "https://203.0.113.10:8443/a/*********0001?d=2026-03-01",
        ),
        ("https://acme.example?to=%2B8613900000001", "https://acme.example?to=%2B*********0001"),
        ("https://acme.example/%31%33%39%30%30%30%30%30%30%30%31", "https://acme.example/*******0001"),
        ("http://[2001:db8::1234:5678]:8080/cdr", "http://[2001:db8::1234:5678]:8080/cdr"),
        ("https://acme.example/cdr%20x?a=1", "https://acme.example/cdr%20x?a=1"),
        ("13900000001", "*******0001"),
    ],
)
def test_a_url_keeps_its_host_and_loses_its_numbers(written: str, shown: str) -> None:
    assert mask_in_url(written) == shown


def test_a_number_that_a_spreadsheet_keeps_as_figures_gets_its_plus_back() -> None:
    assert parse_typed("861064912345678") == "+861064912345678"
    assert parse_typed("8617100000001") == "+8617100000001"
