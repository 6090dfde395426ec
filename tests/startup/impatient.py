"""Web workers that wait half a second, or a minute and a half, and an application that tells what it read."""

from collections.abc import Iterable
from typing import Any

from config.services import web


class Worker(web.Worker):
    """The same, with shorter patience."""

    seconds_for_headers = 0.6
    seconds_for_request = 0.6
    look_seconds = 0.1


class Patient(web.Worker):
    """The same, which cuts nobody during a test."""

    seconds_for_headers = 90.0
    seconds_for_request = 90.0


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Read the body, and answer with its length, or that it ended early."""
    try:
        said = str(len(environ["wsgi.input"].read())).encode()
    except Exception as error:
        said = type(error).__name__.encode()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
