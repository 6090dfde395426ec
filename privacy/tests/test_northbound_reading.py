"""How the door of the northbound API reads: JSON, queries, bodies (northbound.md 0, 2, 11)."""

import json
from typing import Any

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.api.northbound.door import LARGEST_BODY
from privacy.tests.echo import Echo, ask, described, told

KEY = "acmeAppKey01"


@pytest.fixture(autouse=True)
def _afresh() -> None:
    Echo.done = 0


UNREADABLE = [
    b"",
    b" ",
    b"[]",
    b'"text"',
    b"null",
    b"17",
    b"{",
    b"a=1&b=2",
    b'{"a":1}{"a":1}',
    b"{'a':1}",
    b'{"a":1,}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":1e400}',
    b'{"a":"\\ud800"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xff"}',
    b'{"a":"\\u0000"}',
    b'{"a":{"b":["\\u0000"]}}',
    b'{"a":{"\\u0000":1}}',
    b'{"\\u0000":1}',
    b'{"a":"\x00"}',
    b'{"a":1,"a":2}',
    b'{"a":{"b":1,"b":1}}',
    b'{"a":' + b"[" * 100_000,
    b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
    b'{"a":' * 100_000,
    '{"a":1}'.encode("utf-16"),
    '{"a":1}'.encode("utf-16-le"),
    '{"a":1}'.encode("utf-32"),
    b"\x1f\x8b\x08\x00",
    b'{"a":"' + b"x" * LARGEST_BODY + b'"}',
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:20]))
def test_a_body_that_is_no_plain_json_object_is_an_invalid_request(acme: Company, body: bytes) -> None:
    for method in ("POST", "PUT"):
        response = ask(method, body)
        assert told(response) == "403 1010002"
        assert described(response).startswith("Invalid request. ")
    assert Echo.done == 0


@pytest.mark.parametrize("charset", ["utf-7", "UTF-16", "utf16le", '"utf-32"', "ucs-2"])
def test_a_body_said_to_be_in_another_encoding_is_refused(acme: Company, charset: str) -> None:
    assert told(ask(body={}, CONTENT_TYPE=f"application/json; charset={charset}")) == "403 1010002"


@pytest.mark.parametrize(
    "content_type",
    ["application/json;charset=UTF-8", "application/json", "text/plain", "application/x-www-form-urlencoded", "", "?"],
)
def test_any_content_type_will_do(acme: Company, content_type: str) -> None:
    response = ask(body={"a": 1}, CONTENT_TYPE=content_type)
    assert json.loads(response.content)["got"] == {"a": 1}


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b' \n{"a":"x"}\r\n', {"a": "x"}),
        (b'{"a":"\\u4e2d\\ud83d\\ude00"}', {"a": "中😀"}),
        (b'{"a":{"b":["c"]},"d":null,"e":true}', {"a": {"b": ["c"]}, "d": None, "e": True}),
        (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890.0}),
    ],
)
def test_plain_json_is_read(acme: Company, body: bytes, got: Any) -> None:
    assert json.loads(ask(body=body).content)["got"] == got


@pytest.mark.parametrize(
    ("query", "got"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("b=2&a=1", {"a": "1", "b": "2"}),
        ("a=&b=2", {"b": "2"}),
        ("a&b=2&&", {"b": "2"}),
        ("a=1&a=2", {"a": "1"}),
        ("n=%2B8613800000021", {"n": "+8613800000021"}),
        ("n=+8613800000021", {"n": "+8613800000021"}),
        ("n=%208613800000021", {"n": "+8613800000021"}),
        ("n=+abc&m=1+2", {"n": " abc", "m": "1 2"}),
        ("n=%FF", {"n": "�"}),
    ],
)
def test_a_query_is_read_tolerantly(acme: Company, query: str, got: dict[str, str]) -> None:
    assert json.loads(ask("GET", query=query).content)["got"] == got


@pytest.mark.parametrize("query", ["a=%00", "%00=1", "&".join(f"p{n}=1" for n in range(1001))])
def test_a_query_that_cannot_be_is_refused(acme: Company, query: str) -> None:
    assert told(ask("GET", query=query)) == "403 1010002"


@pytest.mark.parametrize("body", [b"subscriptionId=1", b'{"a":"2"}', b"\xff\x00", b"{"])
def test_the_body_of_a_get_is_ignored(acme: Company, body: bytes) -> None:
    assert json.loads(ask("GET", body, query="a=1").content)["got"] == {"a": "1"}


@pytest.mark.parametrize(
    ("query", "body", "got"),
    [
        ("", b'{"subscriptionId":"x"}', {"subscriptionId": "x"}),
        ("subscriptionId=y", b'{"subscriptionId":"x","b":"z"}', {"subscriptionId": "y", "b": "z"}),
        ("subscriptionId=&b=1", b'{"subscriptionId":"x"}', {"subscriptionId": "x", "b": "1"}),
        ("subscriptionId=y", b"subscriptionId=y", {"subscriptionId": "y"}),
        ("subscriptionId=y", b"", {"subscriptionId": "y"}),
    ],
)
def test_a_json_body_of_a_delete_fills_what_its_query_lacks(acme: Company, query: str, body: bytes, got: Any) -> None:
    assert json.loads(ask("DELETE", body, query=query).content)["got"] == got


def test_a_delete_with_nothing_but_an_unreadable_body_is_refused(acme: Company) -> None:
    assert told(ask("DELETE", b"{")) == "403 1010002"


def test_the_query_is_there_for_a_post_too(acme: Company) -> None:
    got = json.loads(ask(body={"a": 1}, query="app_key=k").content)
    assert (got["got"], got["query"]) == ({"a": 1}, {"app_key": "k"})
