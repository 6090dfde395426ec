"""A customer who lost every push and reads the list of them anew (`GET /api/v1/pushes`), and who has some sent again.

Nothing of the product is used; the list is walked by its cursor, page by page, until it says that there is no more.
"""

import contextlib
import hashlib
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from bench.rig import records
from bench.rig.journal import Line
from bench.rig.records import Customer

LIST = "/api/v1/pushes"
PAGE = 500
PATIENCE_SECONDS = 60.0
AGAIN_SECONDS = 0.3


class Reader:
    """One customer's place in the list; what was read before is not read again."""

    def __init__(self, port: int, customer: Customer) -> None:
        self._port, self._customer = port, customer
        self._after = ""

    def read(self) -> Iterator[Line]:
        """Yield what the list has beyond the place. Raises TimeoutError when the door stays shut."""
        more = True
        while more:
            query = urlencode({"limit": PAGE} | ({"after": self._after} if self._after else {}))
            page = ask(self._port, self._customer, "GET", f"{LIST}?{query}")
            for push in page["pushes"]:
                body = push["body"].encode()
                key, sha = records.identity(body), hashlib.sha256(body).hexdigest()
                yield {"id": push["id"], "key": list(key), "sha": sha, "state": push["state"], "to": push["url"]}
            self._after, more = page["after"], page["more"]


class Follower(threading.Thread):
    """Reads some customers' lists all the time, as far as they go, while pushes are queued and processes killed."""

    def __init__(self, port: int, customers: int) -> None:
        super().__init__(daemon=True)
        self._readers = [Reader(port, Customer(index)) for index in range(customers)]
        self._over = threading.Event()
        self.customers = customers
        # {id of a push: how often it was given}.
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        """Read until told to end; then to the end of the lists."""
        while not self._over.wait(1.0):
            self._read()
        self._read()

    def end(self) -> Counter[str]:
        """Return what was read in all."""
        self._over.set()
        self.join(PATIENCE_SECONDS)
        return self.seen

    def _read(self) -> None:
        for reader in self._readers:
            with contextlib.suppress(TimeoutError):
                self.seen.update(line["id"] for line in reader.read())


def everything(port: int, customers: int) -> Iterator[Line]:
    """Yield the lists of all customers from their beginning."""
    for index in range(customers):
        yield from Reader(port, Customer(index)).read()


def ask(port: int, customer: Customer, method: str, path: str, sent: Any = None) -> dict[str, Any]:
    """Return the answer to a signed request, asked again while the door is shut. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        status, answer = _ask_once(port, customer, method, path, sent)
        if status in (200, 201):
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{method} {path.partition('?')[0]}: {status} {str(answer)[:200]}")
        time.sleep(AGAIN_SECONDS)


def _ask_once(port: int, customer: Customer, method: str, path: str, sent: Any) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    body = json.dumps(sent).encode() if sent is not None else None
    try:
        connection.request(method, path, body, records.signed(customer.app_key, records.SECRET))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, {"problem": type(error).__name__}
    finally:
        connection.close()
