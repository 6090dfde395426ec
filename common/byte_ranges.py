"""Answers with the bytes of a file: whole, or the part that a player asks for (RFC 9110, 14)."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

CHUNK = 64 * 1024
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def answer(
    request: HttpRequest, file: BinaryIO, *, size: int, content_type: str, name: str, download: bool = False
) -> HttpResponseBase:
    """Return the file, or its part: 206, or 416 when there is no such part. The answer closes the file."""
    start, end = 0, size
    wanted = _ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    # There is nothing an If-Range could be compared with, so it gets the whole file, as does more than one range.
    part = wanted is not None and any(wanted.groups()) and "If-Range" not in request.headers
    if part and wanted is not None:
        start, end = _bounds(wanted[1], wanted[2], size)
        if start >= end:
            file.close()
            return HttpResponse(status=416, content_type="text/plain", headers={"Content-Range": f"bytes */{size}"})
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    if disposition := content_disposition_header(download, name):
        headers["Content-Disposition"] = disposition
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        file.close()
        return HttpResponse(status=status, content_type=content_type, headers=headers)
    return StreamingHttpResponse(_read(file, start, end), status=status, content_type=content_type, headers=headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Return where a range begins and ends (excluded): "a-b", "a-" or "-n", the last n bytes."""
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


def _read(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left and (part := file.read(min(CHUNK, left))):
            left -= len(part)
            yield part
