"""One header a thousand times to two web workers while Redis is killed: it is taken once (reliability.md G18)."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accounts.models import Application
from config import testing
from config.services import redis
from config.services.layout import Layout
from privacy.tests.raw import Wire, request, signature
from tests.startup.holders import CHECKOUT, Holder, ask, clean_environment, pids, wait_until

REPLAYS, THREADS = 1000, 8
KEY, SECRET = "strictAppKey01", "correct-horse-battery-staple-000"
TARGET = "/rest/caas/relationnumber/partners/v1.0?relationNum=%2B8617100000001"
PROVISION = {
    "accounts": [{"code": "acme", "name": "Acme"}],
    "applications": [{"account": "acme", "app_key": KEY, "app_secret": SECRET, "name": "rides", "mode": "AXB"}],
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def web(layout: Layout, hold: Callable[[], Holder], tmp_path: Path) -> Iterator[Wire]:
    """The product's web server with two workers on servers of its own, and an application with strict nonces."""
    hold().up()
    environ = clean_environment(
        DATA_DIR=str(layout.root),
        MASKLINE_TEST_BUILD="1",
        MASKLINE_DATA_KEY=testing.TEST_DATA_KEY,
        MASKLINE_SECRET_KEY=testing.TEST_SECRET_KEY,
        MASKLINE_EMBEDDED_DATABASE_URL=layout.database_url,
        MASKLINE_EMBEDDED_REDIS_URL=layout.redis_url,
    )
    (tmp_path / "acme.json").write_text(json.dumps(PROVISION))
    for words in (["migrate", "--verbosity", "0"], ["provision", str(tmp_path / "acme.json")]):
        subprocess.run(
            [sys.executable, "manage.py", *words], cwd=CHECKOUT, env=environ, check=True, capture_output=True
        )
    ask(layout, f"UPDATE {Application._meta.db_table} SET strict_nonces = true")
    with socket.create_server(("127.0.0.1", 0)) as door:
        wire = Wire(f"http://127.0.0.1:{door.getsockname()[1]}")
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{wire.host}:{wire.port}", "--workers", "2"]
    command += ["--worker-class", "config.services.web.Worker", "--threads", "4", "--no-control-socket"]
    server = subprocess.Popen([*command, "--log-level", "warning"], cwd=CHECKOUT, env=environ)
    try:
        assert wait_until(lambda: _is_up(wire), 30)
        yield wire
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _is_up(wire: Wire) -> bool:
    try:
        return wire.send(b"GET /healthz HTTP/1.0\r\n\r\n").status == 200
    except OSError:
        return False


def test_of_a_thousand_replays_one_is_taken_while_redis_is_killed(web: Wire, layout: Layout) -> None:
    replayed = request("GET", TARGET, signature(KEY, nonce="replayed", secret=SECRET))
    halfway = threading.Barrier(THREADS + 1)

    def one_client(client: int) -> list[tuple[str, str]]:
        told = []
        for number in range(REPLAYS // THREADS):
            if number == REPLAYS // THREADS // 2:
                halfway.wait(60)
            told.append(("replay", web.send(replayed).code))
            if number % 5 == 0:
                fresh = signature(KEY, nonce=f"fresh{client}x{number}", secret=SECRET)
                told.append(("fresh", web.send(request("GET", TARGET, fresh)).code))
        return told

    with ThreadPoolExecutor(THREADS) as pool:
        clients = [pool.submit(one_client, client) for client in range(THREADS)]
        halfway.wait(60)
        os.kill(pids(layout)["redis"], signal.SIGKILL)
        told = [answer for client in clients for answer in client.result(120)]
    assert wait_until(lambda: redis.answers(layout), 30)
    # 1012007: the signature was taken, and there is no such binding.
    assert {code for kind, code in told if kind == "fresh"} == {"1012007"}
    replays = [code for kind, code in told if kind == "replay"]
    assert {code: replays.count(code) for code in set(replays)} == {"1012007": 1, "1010013": REPLAYS - 1}
