"""Chinese area codes: the cities they belong to, and the area a number is at home in (northbound.md 3.1, 4.1, 5.1).

`areas.csv` is the standard table: every area code in use in mainland China. It was made once from the prefixes and
descriptions of the `phonenumbers` package; names were brought into one form. `geocoder_names.csv` says what that
package calls a city where it differs. Mobile prefixes stay in the package, which is renewed twice a month:
see `prefixes`.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from common.areas import prefixes
from common.errors import BadInput

FOLDER = Path(__file__).parent
HOME = "+86"
# Whoever comes while another thread reads the table waits for that, instead of reading it too.
_loading = Lock()
# Codes that were merged into others, and whose: customers' programs still send them.
MERGED = {
    "0378": "0371", "0410": "024", "0413": "024", "0414": "024", "0440": "0433", "0448": "0435", "0565": "0551",
    "0634": "0531", "0661": "0754", "0732": "0731", "0733": "0731", "0765": "0757", "0852": "0851", "0853": "0851",
    "0890": "0898", "0899": "0898", "0910": "029",
}  # fmt: skip
_CODE = re.compile(r"0?(10|2[0-9]|[3-9][0-9]{2})")
_MOBILE = re.compile(r"\+86(1[3-9][0-9]{5})[0-9]{4}")
_FIXED = re.compile(r"\+86(10|2[0-9]|[3-9][0-9]{2})[0-9]{5,8}")


@dataclass(frozen=True)
class Area:
    """An area code and the city, or cities, it belongs to."""

    code: str
    city_en: str
    city_zh: str
    province_en: str
    province_zh: str


def _read() -> dict[str, Area]:
    with (FOLDER / "areas.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {
            row["area_code"]: Area(
                row["area_code"], row["city_en"], row["city_zh"], row["province_en"], row["province_zh"]
            )
            for row in rows
        }


AREAS: Mapping[str, Area] = MappingProxyType(_read())


def area_of(number: str) -> str:
    """Return the area code of a Chinese fixed or mobile number in its stored form, "" for any other."""
    mobile = _MOBILE.fullmatch(number)
    if mobile:
        return _codes()[prefixes.place(_table(), int(mobile[1]))]
    fixed = _FIXED.fullmatch(number)
    return known(f"0{fixed[1]}") if fixed else ""


def known(text: str) -> str:
    """Return the code in the standard table that a code, with its 0 or without, stands for; "" when there is none."""
    found = _CODE.fullmatch(text.strip())
    code = f"0{found[1]}" if found else ""
    code = MERGED.get(code, code)
    return code if code in AREAS else ""


def normalise_code(text: str, field: str = "area_code") -> str:
    """Return an area code as the table has it: "755" is "0755". Raises BadInput when it is unknown."""
    code = known(text)
    if not code:
        raise BadInput(field, "is no Chinese area code", 'write one of the standard table, such as "0755" or "010"')
    return code


@lru_cache(maxsize=512)
def same_province(code: str) -> tuple[str, ...]:
    """Return the other area codes of a code's province, in order; none for an unknown code."""
    area = AREAS.get(code)
    if area is None:
        return ()
    return tuple(other.code for other in AREAS.values() if other.province_en == area.province_en and other != area)


@lru_cache(maxsize=1)
def _codes() -> tuple[str, ...]:
    """Return the codes a mobile prefix's place points into; place 0 is unknown."""
    return ("", *AREAS)


def load() -> None:
    """Read the table of mobile prefixes now, so that nobody's first number waits for it."""
    _table()


def _table() -> prefixes.Table:
    with _loading:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> prefixes.Table:
    places = {code: place for place, code in enumerate(_codes())}
    names = {name: places[code] for name, code in _names().items()}
    return prefixes.load(names)


def _names() -> dict[str, str]:
    """Return the area code of each place the package names, as "City, Province"."""
    names: dict[str, str] = {}
    for area in AREAS.values():
        for city in area.city_en.split("/"):
            names[f"{city}, {area.province_en}"] = area.code
        if len(same_province(area.code)) == 0:
            names[area.city_en] = area.code
    with (FOLDER / "geocoder_names.csv").open(encoding="utf-8", newline="") as file:
        names.update({row["name"]: row["area_code"] for row in csv.DictReader(file)})
    return names
