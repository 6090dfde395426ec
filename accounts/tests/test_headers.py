"""Reading the signature headers: every fault of form, and every trap met in real clients (northbound.md 1 and 11)."""

from datetime import UTC, datetime

import pytest

from accounts import digests
from accounts.headers import parse, read_created
from accounts.refusals import REFUSALS, Refused

AUTHORIZATION = '{} realm="SDP",profile="UsernameToken",type="Appkey"'
TOKEN = 'UsernameToken Username="key",PasswordDigest="ZGln",Nonce="n0nce",Created="2026-03-01T10:00:00Z"'
CREATED_AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def headers(generation: str = "AKSK", authorization: str = AUTHORIZATION, token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": authorization.replace("{}", generation), f"X-{generation}": token}


def without(text: str, name: str) -> str:
    """Return the header without one attribute."""
    scheme, _, attributes = text.partition(" ")
    return scheme + " " + ",".join(part for part in attributes.split(",") if not part.startswith(f"{name}="))


def code_of(sent: dict[str, str]) -> str:
    with pytest.raises(Refused) as refused:
        parse(sent)
    assert (refused.value.step, refused.value.http_status) == ("form", 400)
    assert refused.value.description == REFUSALS[refused.value.code][2]
    return refused.value.code


@pytest.mark.parametrize("generation", ["WSSE", "AKSK"])
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda a: without(a, "realm"), "1023007"),
        (lambda a: without(a, "profile"), "1023008"),
        (lambda a: a.replace("SDP", "sdp"), "1023009"),
        (lambda a: a.replace("UsernameToken", "Token"), "1023010"),
        (lambda a: a.replace("Appkey", "app_key"), "1023011"),
        (lambda a: without(a, "type"), "1023012"),
        (lambda a: a.replace("SDP", ""), "1023007"),
        (lambda a: a.replace('type="Appkey"', 'dsl="Appkey"'), "1023012"),
        (lambda a: f"{a},{a}", "1023007"),
        (lambda a: "", "1023006"),
        (lambda a: "  ", "1023006"),
        (lambda a: without(without(a, "type"), "realm"), "1023007"),
        (lambda a: without(a.replace("SDP", "X"), "profile"), "1023008"),
        (lambda a: without(a.replace("SDP", "X"), "type"), "1023009"),
    ],
)
def test_each_fault_of_authorization_has_its_code(generation: str, spoil, code: str) -> None:
    assert code_of(headers(generation, spoil(AUTHORIZATION))) == code


def test_a_scheme_that_is_neither_is_told_in_the_words_of_the_generation_meant() -> None:
    basic = AUTHORIZATION.format("Basic")
    assert code_of({"Authorization": basic}) == "1023013"
    assert code_of({"Authorization": basic, "X-WSSE": TOKEN}) == "1023013"
    assert code_of({"Authorization": basic, "X-AKSK": TOKEN}) == "1023032"
    assert code_of({"Authorization": 'realm="SDP",profile="UsernameToken",type="Appkey"'}) == "1023013"
    assert code_of({"Authorization": "WSSEX realm=SDP"}) == "1023013"


TOKEN_FAULTS = [
    ("Username", "1023027", "1023034"),
    ("Nonce", "1023028", "1023035"),
    ("Created", "1023029", "1023036"),
    ("PasswordDigest", "1023030", "1023037"),
]


@pytest.mark.parametrize(("name", "wsse", "aksk"), TOKEN_FAULTS)
def test_each_attribute_that_is_missing_empty_or_doubled_has_its_code(name: str, wsse: str, aksk: str) -> None:
    for generation, code in (("WSSE", wsse), ("AKSK", aksk)):
        assert code_of(headers(generation, token=without(TOKEN, name))) == code
        empty = without(TOKEN, name) + f',{name}=""'
        assert code_of(headers(generation, token=empty)) == code
        assert code_of(headers(generation, token=f'{TOKEN},{name}="again"')) == code


def test_of_several_missing_attributes_the_first_is_told() -> None:
    codes = {name: code for name, code, _ in TOKEN_FAULTS}
    token = TOKEN
    for name, _, _ in reversed(TOKEN_FAULTS):
        token = without(token, name)
        assert code_of(headers("WSSE", token=token)) == codes[name]


@pytest.mark.parametrize(("generation", "code"), [("WSSE", "1023026"), ("AKSK", "1023033")])
def test_the_second_header_must_be_the_one_of_its_generation(generation: str, code: str) -> None:
    other = "X-AKSK" if generation == "WSSE" else "X-WSSE"
    assert code_of({"Authorization": AUTHORIZATION.format(generation)}) == code
    assert code_of({"Authorization": AUTHORIZATION.format(generation), other: TOKEN}) == code


@pytest.mark.parametrize(("generation", "code"), [("WSSE", "1023031"), ("AKSK", "1023038")])
@pytest.mark.parametrize(
    "created",
    [
        "2026-03-01T10:00:00",
        "2026-03-01 10:00:00Z",
        "2026-03-01T10:00:00+02:00",
        "2026-03-01T10:00:00.123Z",
        "2026-03-01T24:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-3-1T10:00:00Z",
        "0000-01-01T00:00:00Z",
        "２０２６-03-01T10:00:00Z",
        "now",
    ],
)
def test_created_is_read_strictly(generation: str, code: str, created: str) -> None:
    assert code_of(headers(generation, token=TOKEN.replace("2026-03-01T10:00:00Z", created))) == code


@pytest.mark.parametrize("nonce", ["x" * 129, "x" * 10_000, "a b", "a\x00b", "ä"])
def test_a_nonce_that_cannot_be_one_counts_as_not_contained(nonce: str) -> None:
    assert code_of(headers("AKSK", token=TOKEN.replace("n0nce", nonce))) == "1023035"


def test_a_fault_of_authorization_comes_before_one_of_the_token() -> None:
    assert code_of(headers("AKSK", without(AUTHORIZATION, "type"), token="")) == "1023012"


@pytest.mark.parametrize(
    "sent",
    [
        headers(),
        headers(authorization=AUTHORIZATION.replace(",", ", "), token=TOKEN.replace(",", ", ")),
        headers(authorization='{} type="Appkey",profile="UsernameToken",realm="SDP"'),
        headers(
            token='UsernameToken Created="2026-03-01T10:00:00Z", Nonce="n0nce",Username="key", PasswordDigest="ZGln"'
        ),
        {name.upper(): value for name, value in headers().items()},
        {name.lower(): value for name, value in headers().items()},
        headers(authorization="aksk realm=SDP,profile=UsernameToken,type=Appkey"),
        headers(token=TOKEN.replace('Username="key"', 'username="key"')),
    ],
)
def test_attributes_are_found_by_name_in_any_order_and_spacing(sent: dict[str, str]) -> None:
    found = parse(sent)
    assert (found.key, found.digest, found.nonce, found.created_at) == ("key", "ZGln", "n0nce", CREATED_AT)


def test_a_digest_keeps_its_padding() -> None:
    assert parse(headers(token=TOKEN.replace("ZGln", "ab+/cd=="))).digest == "ab+/cd=="


def test_dsl_stands_for_type_only_where_the_key_may_write_it() -> None:
    sent = headers(authorization=AUTHORIZATION.replace("type=", "dsl="))
    assert parse(sent, lenient=lambda key: key == "key").key == "key"
    for lenient in (lambda key: False, lambda key: key == "other"):
        with pytest.raises(Refused, match="1023012"):
            parse(sent, lenient=lenient)
    with pytest.raises(Refused, match="1023012"):
        parse(headers(authorization=AUTHORIZATION.replace('type="Appkey"', 'dsl="x"')), lenient=lambda key: True)


def test_created_of_a_distant_year_is_a_time() -> None:
    assert read_created("9999-12-31T23:59:59Z") == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_the_digests_are_what_openssl_makes_of_the_same_text() -> None:
    nonce, created, secret = "d36e316282959a9ed4c89851497a717f", "2003-12-15T14:43:07Z", "taadtaadpstcsm"
    assert digests.aksk(nonce, created, secret) == "CC9CL3iEfvKinlT8yeS9FozSO4g8SQaEppcDQYg3gqI="
    assert digests.wsse(nonce, created, secret) == "k2OXAq5Xn4OwUt/kjMjkhPbhCbj600SFOt5vVgtpTeI="
    assert digests.wsse_hex(nonce, created, secret) == (
        "OTM2Mzk3MDJhZTU3OWY4M2IwNTJkZmU0OGNjOGU0ODRmNmUxMDliOGZhZDM0NDg1M2FkZTZmNTYwYjY5NGRlMg=="
    )
