"""Which real numbers can be bound, and which can only be called (northbound.md 0.2, 4.6)."""

import pytest

from privacy.parties import is_bindable, is_callable

BINDABLE = [
    "+8613800000021",
    "+8619900000021",
    "+8617100000001",
    "+867552800123",
    "+8675528001234",
    "+861082345678",
    "+862182345678",
    "+869558001234",
    "+85212345678",
    "+14155550123",
    "+447911123456",
]
SERVICE = ["4001234567", "+864001234567", "95588", "+8695588", "9501234", "95013123456", "+8695013123456"]
NEITHER = [
    *("", "+", "13800000021", "8613800000021", "+8612800000021", "+861380000002", "+86138000000211", "+86755280012"),
    *("+8680012345678", "+8670012345678", "+86100868", "10086", "110", "+861082345", "40012345678", "400123456"),
    *("+8613800000021 ", "+86 13800000021", "+1", "+0123456789", "+1234567890123456", "+86138000000２1"),
]


@pytest.mark.parametrize("number", BINDABLE)
def test_real_mobile_and_fixed_numbers_are_bindable(number: str) -> None:
    assert is_bindable(number) and is_callable(number)


@pytest.mark.parametrize("number", SERVICE)
def test_400_and_95_numbers_are_only_called(number: str) -> None:
    assert not is_bindable(number)
    assert is_callable(number)


@pytest.mark.parametrize("number", NEITHER)
def test_what_is_nobodys_number_is_neither(number: str) -> None:
    assert not is_bindable(number) and not is_callable(number)
