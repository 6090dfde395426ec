"""The bytes of a file, whole and in parts."""

import io

import pytest
from django.test import RequestFactory

from common import byte_ranges

WHOLE = bytes(range(100)) * 1000


def answer(method: str = "GET", name: str = "a.wav", **headers: str):
    request = RequestFactory().generic(method, "/", headers=headers)
    file = io.BytesIO(WHOLE)
    return byte_ranges.answer(request, file, size=len(WHOLE), content_type="audio/wav", name=name), file


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize("wanted", ["", "bytes=", "bytes=-", "chars=0-1", "bytes=0-1,5-6", "bytes=a-b", "bytes=-1-2"])
def test_no_range_or_one_that_is_not_understood_gets_the_whole_file(wanted):
    response, file = answer(Range=wanted)
    assert (response.status_code, response["Content-Length"], response["Accept-Ranges"]) == (200, "100000", "bytes")
    assert body(response) == WHOLE
    assert file.closed


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-", 0, 100_000),
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=99990-200000", 99_990, 100_000),
        ("bytes=-10", 99_990, 100_000),
        ("bytes=-200000", 0, 100_000),
        ("bytes=1000-70000", 1000, 70_001),
    ],
)
def test_a_range_gets_its_part(wanted, start, end):
    response, _file = answer(Range=wanted)
    assert (response.status_code, response["Content-Range"]) == (206, f"bytes {start}-{end - 1}/100000")
    assert (response["Content-Length"], body(response)) == (str(end - start), WHOLE[start:end])


@pytest.mark.parametrize("wanted", ["bytes=100000-", "bytes=100000-100001", "bytes=5-4", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(wanted):
    response, file = answer(Range=wanted)
    assert (response.status_code, response["Content-Range"], file.closed) == (416, "bytes */100000", True)


def test_a_range_if_nothing_changed_gets_the_whole_for_nothing_says_so():
    response, _file = answer(**{"Range": "bytes=0-1", "If-Range": '"tag"'})
    assert response.status_code == 200


def test_head_tells_the_length_and_sends_nothing():
    response, file = answer("HEAD")
    assert (response["Content-Length"], body(response), file.closed) == ("100000", b"", True)


@pytest.mark.parametrize("name", ["a.wav", 'a"b.wav', "录音.wav", "a\r\nSet-Cookie: x=1.wav", ""])
def test_no_name_breaks_the_header(name):
    response, _file = answer(name=name)
    assert "\n" not in response.get("Content-Disposition", "")
