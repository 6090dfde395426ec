"""Area codes and the area a number is at home in."""

import random
import sys

import pytest
from phonenumbers import geocoder, parse

from common.areas import AREAS, area_of, known, normalise_code, same_province
from common.errors import BadInput


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+861013900000", "010"),
        ("+862085550100", "020"),
        ("+8675512345678", "0755"),
        ("+8689812345678", "0898"),
        ("+8637812345678", "0371"),  # Kaifeng's code was merged into Zhengzhou's
        ("+8613800138000", "010"),
        ("+8613000080000", "027"),
        ("+8617100000001", ""),
        ("+14155550100", ""),
        ("+867000000000001", ""),  # segment 700
        ("10086", ""),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_a_number_is_at_home_in_its_area(number: str, code: str) -> None:
    assert area_of(number) == code


def test_mobile_numbers_agree_with_the_packages_own_way_of_asking() -> None:
    chance = random.Random(1)
    numbers = [f"+861{chance.randint(3, 9)}{chance.randint(0, 10**9 - 1):09}" for _ in range(500)]
    for number in numbers:
        named = geocoder.description_for_number(parse(number), "en").removesuffix("China")
        area = AREAS.get(area_of(number))
        assert bool(named) == bool(area), number
        assert area is None or area.province_en in named, number


def test_every_place_of_the_package_is_known() -> None:
    # A newer package with a new name for a city would make its numbers homeless.
    places = {
        name.get("en", "")
        for prefix, name in sys.modules["phonenumbers.geodata"].GEOCODE_DATA.items()
        if prefix.startswith("861") and not prefix.startswith("8610")
    }
    homeless = [prefix for prefix in _prefixes_of(places) if not area_of(f"+86{prefix}{'0' * (11 - len(prefix))}")]
    assert homeless == []


def _prefixes_of(places: set[str]) -> list[str]:
    """Return one prefix for each place."""
    found: dict[str, str] = {}
    for prefix, name in sys.modules["phonenumbers.geodata"].GEOCODE_DATA.items():
        if name.get("en", "") in places and prefix.startswith("861") and len(prefix) == 9:
            found[name["en"]] = prefix[2:]
    return list(found.values())


@pytest.mark.parametrize(
    ("text", "code"),
    [("0755", "0755"), ("755", "0755"), (" 10 ", "010"), ("20", "020"), ("0378", "0371"), ("24", "024")],
)
def test_area_codes_are_read_with_and_without_their_zero(text: str, code: str) -> None:
    assert normalise_code(text) == code


@pytest.mark.parametrize("text", ["", "0", "0999999", "0401", "75", "shenzhen", "+86755", "26"])
def test_what_is_no_area_code_is_refused(text: str) -> None:
    assert known(text) == ""
    with pytest.raises(BadInput, match="no Chinese area code"):
        normalise_code(text)


def test_the_table_is_complete_and_in_order() -> None:
    assert len(AREAS) == 320
    assert list(AREAS) == sorted(AREAS)
    assert len({area.province_en for area in AREAS.values()}) == 31
    assert all(all((a.city_en, a.city_zh, a.province_en, a.province_zh)) for a in AREAS.values())
    assert AREAS["0755"].city_zh == "深圳"


def test_other_areas_of_a_province() -> None:
    guangdong = same_province("0755")
    assert len(guangdong) == 20
    assert "020" in guangdong
    assert "0755" not in guangdong
    assert same_province("010") == ()
    assert same_province("") == ()
