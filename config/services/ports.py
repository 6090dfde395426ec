"""The port of the web server: is it free, and does the web server answer there yet."""

import errno
import http.client
import json
import socket
import time

from config.services.layout import ServiceError

PATIENCE_SECONDS = 10.0


def wait_until_free(host: str, port: int, patience: float = PATIENCE_SECONDS) -> None:
    """Return once `host`:`port` can be bound; what is left of a killed run is given some time to go."""
    deadline = time.monotonic() + patience
    while (problem := _problem(host, port)) is not None:
        if problem.errno != errno.EADDRINUSE:
            raise ServiceError(f"cannot listen on {host}:{port}: {problem.strerror or problem}")
        if time.monotonic() > deadline:
            raise ServiceError(f"port {port} on {host} is taken by another program; set PORT to a free one")
        time.sleep(0.2)


def _problem(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            # Two may bind with SO_REUSEADDR as long as neither listens.
            probe.listen(1)
    except OSError as error:
        return error
    return None


def reachable_host(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def ask(host: str, port: int, path: str, name: str, timeout: float = 2.0) -> tuple[int, dict[str, str]]:
    """Return status and JSON object of GET `path` asked for host `name`; (0, {}) when nobody answers in time."""
    line = http.client.HTTPConnection(reachable_host(host), port, timeout=timeout)
    try:
        line.request("GET", path, headers={"Host": name})
        answer = line.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        line.close()
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    return answer.status, said if isinstance(said, dict) else {}


def authority(host: str, port: int) -> str:
    """Return host:port as it stands in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
