"""How much of an answer is taken in at most, whatever a server sends (reliability.md D 60-63).

aiohttp reads a body only as fast as it is wanted, yet takes in any amount of what comes before it: a server that says
"100 Continue" as fast as it can would keep the whole event loop, and all other requests on it, busy for its sake.
"""

import asyncio
import functools
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

# Status, headers and as much of a body as is kept, several times over.
MOST_HEARD_BYTES = 64 * 1024


class Connector(aiohttp.TCPConnector):
    """Connections that hear so much for each request, and then nothing more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory: Any = functools.partial(_Hearing, loop=self._loop)


class _Hearing(ResponseHandler):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._room = MOST_HEARD_BYTES

    def set_response_params(self, **parameters: Any) -> None:
        """Begin to hear the answer of the next request."""
        self._room = MOST_HEARD_BYTES
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        """Take in what there is room for. The rest stays where it is, until the deadline of the request."""
        heard = data[: self._room]
        self._room -= len(heard)
        if not self._room and self.transport is not None:
            with suppress(AttributeError, RuntimeError):
                self.transport.pause_reading()
        if heard or not data:
            super().data_received(heard)
