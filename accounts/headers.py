"""Reading Authorization and X-AKSK or X-WSSE (northbound.md 1). Pure: headers in, credentials out, or the first fault.

Attributes are found by name in any order, with or without blanks after commas. An attribute that is empty or given
twice (a header sent twice arrives joined by a comma) counts as not contained.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.digests import Generation
from accounts.refusals import Refused

LONGEST = 128
_SCHEME = re.compile(r"\s*(WSSE|AKSK)(?=[\s,]|$)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z]+)\s*=\s*(?:"([^"]*)"|([^\s",]+))')
_CREATED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z", re.ASCII)
_NONCE = re.compile(r"[\x21-\x7e]{1,128}")
_CODES: dict[Generation, dict[str, str]] = {
    "WSSE": {
        "header": "1023026",
        "username": "1023027",
        "nonce": "1023028",
        "created": "1023029",
        "passworddigest": "1023030",
        "format": "1023031",
    },
    "AKSK": {
        "header": "1023033",
        "username": "1023034",
        "nonce": "1023035",
        "created": "1023036",
        "passworddigest": "1023037",
        "format": "1023038",
    },
}


@dataclass(frozen=True)
class Credentials:
    """What a request is signed with. `created` and `content_sha256` are as sent, `created_at` is read as UTC."""

    generation: Generation
    key: str
    digest: str
    nonce: str
    created: str
    created_at: datetime
    content_sha256: str


def never(key: str) -> bool:
    """Return that no key may write dsl= for type=."""
    return False


def parse(headers: Mapping[str, str], lenient: Callable[[str], bool] = never) -> Credentials:
    """Return the credentials of a request; `lenient` says whether a key may write dsl= for type= (northbound.md 1.3).

    Raises Refused with the first fault of form: scheme, then realm, profile, type, then the X header's attributes.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    generation = _scheme(by_name)
    token = by_name.get(f"x-{generation.lower()}", "")
    values = _attributes(token)
    _check_authorization(_attributes(by_name["authorization"]), lambda: lenient(values.get("username", "")))
    codes = _CODES[generation]
    if not token.strip():
        raise Refused(codes["header"])
    for name in ("username", "nonce", "created", "passworddigest"):
        if not values.get(name):
            raise Refused(codes[name], f"{name} is missing, empty or given twice in X-{generation}")
        if name == "nonce" and not _NONCE.fullmatch(values[name]):
            raise Refused(codes[name], f"nonce has {len(values[name])} characters or some that are no plain ASCII")
    created_at = read_created(values["created"])
    if created_at is None:
        raise Refused(codes["format"], "Created is not written yyyy-MM-ddTHH:mm:ssZ")
    return Credentials(
        generation=generation,
        key=values["username"],
        digest=values["passworddigest"],
        nonce=values["nonce"],
        created=values["created"],
        created_at=created_at,
        content_sha256=by_name.get("x-content-sha256", "").strip(),
    )


def read_created(text: str) -> datetime | None:
    """Return a time written yyyy-MM-ddTHH:mm:ssZ, or None when it is written in any other way."""
    found = _CREATED.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def key_of(headers: Mapping[str, str]) -> str:
    """Return the app_key a request names, however faulty its headers are otherwise; "" when it names none."""
    by_name = {name.lower(): value for name, value in headers.items()}
    found = (_attributes(by_name.get(name, "")).get("username", "") for name in ("x-aksk", "x-wsse"))
    return next((key for key in found if key), "")


def _scheme(by_name: Mapping[str, str]) -> Generation:
    """Return the generation that Authorization names."""
    text = by_name.get("authorization", "")
    if not text.strip():
        raise Refused("1023006")
    found = _SCHEME.match(text)
    if found is None:
        raise Refused("1023032" if "x-aksk" in by_name and "x-wsse" not in by_name else "1023013")
    return "AKSK" if found[1].upper() == "AKSK" else "WSSE"


def _check_authorization(values: Mapping[str, str], lenient: Callable[[], bool]) -> None:
    """Check realm, profile and type, in the order of their codes."""
    if not values.get("realm"):
        raise Refused("1023007")
    if not values.get("profile"):
        raise Refused("1023008")
    if values["realm"] != "SDP":
        raise Refused("1023009")
    if values["profile"] != "UsernameToken":
        raise Refused("1023010")
    kind = values.get("type")
    if kind and kind != "Appkey":
        raise Refused("1023011")
    if not kind and not (values.get("dsl") == "Appkey" and lenient()):
        raise Refused("1023012")


def _attributes(text: str) -> dict[str, str]:
    """Return the attributes of a header by lower-case name, without those that stand there twice."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name, quoted, bare in _ATTRIBUTE.findall(text):
        if name.lower() in found:
            twice.add(name.lower())
        found[name.lower()] = quoted or bare
    return {name: value for name, value in found.items() if name not in twice}
