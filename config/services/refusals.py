"""Answers to requests that the web server cannot read: JSON like every other, and nothing of them is told to anybody.

gunicorn would send back and log the line it cannot read, which may hold real numbers.
"""

import contextlib
import ssl
import traceback
from typing import Any

from gunicorn import http, util

REFUSALS = {
    http.errors.LimitRequestLine: (414, "URI Too Long"),
    http.errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    http.errors.ExpectationFailed: (417, "Expectation Failed"),
    http.errors.UnsupportedTransferCoding: (501, "Not Implemented"),
}
OF_THE_APPLICATION = (http.errors.InvalidResponseHeader, http.errors.InvalidResponseHeaderName)
INVALID = b'{"resultcode":"1010002","resultdesc":"Invalid request. The server cannot read it."}'
FAULT = b'{"resultcode":"1010001","resultdesc":"Internal system error."}'


def refuse(log: Any, sock: Any, address: str, problem: BaseException) -> None:
    """Answer a request that could not be read, or that failed outside the application, and log the kind of problem."""
    kind = type(problem).__name__
    if isinstance(problem, http.errors.ParseException | ssl.SSLError) and not isinstance(problem, OF_THE_APPLICATION):
        log.warning("Invalid request from ip=%s: %s", address, kind)
        (status, reason), body = REFUSALS.get(type(problem), (400, "Bad Request")), INVALID
    else:
        log.error("Error handling request: %s\n%s", kind, "".join(traceback.format_tb(problem.__traceback__)))
        (status, reason), body = (500, "Internal Server Error"), FAULT
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json;charset=utf-8\r\n"
    with contextlib.suppress(Exception):
        util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
