import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import keyring
from common.errors import BadInput, WrongKey


def text_of(kid: str, fill: int) -> str:
    return f"{kid}:{base64.b64encode(bytes([fill]) * 64).decode()}"


OLD, NEW = text_of("k1", 1), text_of("k2", 2)
BOTH = keyring.parse(f"{NEW},{OLD}")


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_again(plain: bytes) -> None:
    assert BOTH.open(BOTH.seal(plain)) == plain
    assert BOTH.open_body(BOTH.seal_body(plain)) == plain


def test_a_value_is_sealed_alike_each_time_and_a_body_never() -> None:
    assert BOTH.seal(b"x") == BOTH.seal(b"x")
    assert BOTH.seal_body(b"x") != BOTH.seal_body(b"x")


def test_a_sealed_value_names_its_key_and_hides_its_text() -> None:
    sealed = BOTH.seal(b"+8613900000101")
    assert sealed.startswith(b"\x02k2")
    assert b"139" not in sealed
    assert len(sealed) == 3 + 16 + 14


def test_the_first_key_writes_and_every_key_reads() -> None:
    old = keyring.parse(OLD)
    assert BOTH.open(old.seal(b"x")) == b"x"
    assert BOTH.open_body(old.seal_body(b"x")) == b"x"
    assert BOTH.seals(b"x") == [keyring.parse(NEW).seal(b"x"), old.seal(b"x")]
    assert BOTH.writes(BOTH.seal(b"x")) and not BOTH.writes(old.seal(b"x"))


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(WrongKey, match='under the key "k1"'):
        keyring.parse(NEW).open(keyring.parse(OLD).seal(b"x"))


@pytest.mark.parametrize("broken", [b"", b"\x02k2", b"\x02k2short", b"\xff" * 40])
def test_damaged_bytes_are_refused(broken: bytes) -> None:
    with pytest.raises(WrongKey):
        BOTH.open(broken)
    with pytest.raises(WrongKey):
        BOTH.open_body(broken)


def test_other_bytes_under_the_same_id_are_a_wrong_key() -> None:
    imposter = keyring.parse(text_of("k1", 9))
    with pytest.raises(WrongKey, match="other bytes"):
        imposter.open(keyring.parse(OLD).seal(b"x"))
    assert imposter.fingerprints()["k1"] != BOTH.fingerprints()["k1"]


def test_bodies_and_values_have_keys_of_their_own() -> None:
    with pytest.raises(WrongKey):
        BOTH.open(BOTH.seal_body(b"x"))


def test_the_lookup_hash_stays_when_a_key_is_put_in_front() -> None:
    assert BOTH.lookup_hash("+8613900000101") == keyring.parse(OLD).lookup_hash("+8613900000101")
    assert BOTH.lookup_hash("a") != BOTH.lookup_hash("b")
    assert len(BOTH.lookup_hash("a")) == 16


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "key 1: the id must be"),
        (OLD.replace("k1", "k 1"), "key 1: the id must be"),
        (OLD.replace("k1", "k" * 17), "key 1: the id must be"),
        (f"{OLD},{OLD}", "key 2: the id k1 is given twice"),
        ("k1:****", "key 1: not base64"),
        ("k1:AAAA", "key 1: 3 bytes instead of 64"),
    ],
)
def test_a_malformed_setting_is_refused_without_repeating_it(text: str, problem: str) -> None:
    with pytest.raises(BadInput) as refusal:
        keyring.parse(text)
    assert problem in refusal.value.problem
    assert "AAAA" not in str(refusal.value)
