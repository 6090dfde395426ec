"""A small S3 server on a real socket: objects, parts of them, uploads in parts, lists; it checks who signs."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY, SECRET = "test-key", "test-secret"
WRITTEN = "2026-03-01T02:03:04.000Z"
HTTP_DATE = "Sun, 01 Mar 2026 02:03:04 GMT"


@dataclass
class Bucket:
    """What the server holds, what it was asked, and with which status it refuses everything (0: it does not)."""

    endpoint: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuses: int = 0


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def _serve(self) -> None:
        bucket: Bucket = self.server.bucket
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        _, name, *rest = unquote(parts.path).split("/", 2)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = rest[0] if rest else ""
        bucket.asked.append(f"{self.command} {key or '/'} {self.headers.get('Range', '')}".strip())
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            self._say(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif bucket.refuses:
            self._say(bucket.refuses, b"<Error><Code>SlowDown</Code></Error>")
        elif name != "recordings-of-acme":
            self._say(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        else:
            getattr(self, f"_{self.command.lower()}")(bucket, key, query, body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve

    def _put(self, bucket: Bucket, key: str, query: dict[str, str], body: bytes) -> None:
        if "uploadId" in query:
            bucket.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            bucket.objects[key] = body
        self._say(200, etag=body)

    def _post(self, bucket: Bucket, key: str, query: dict[str, str], body: bytes) -> None:
        if "uploads" in query:
            upload = f"upload{len(bucket.uploads)}"
            bucket.uploads[upload] = {}
            self._say(200, f"<R><Bucket>b</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId></R>".encode())
        else:
            numbers = [int(number) for number in re.findall(rb"<PartNumber>(\d+)<", body)]
            taken = bucket.uploads.pop(query["uploadId"])
            bucket.objects[key] = b"".join(taken[number] for number in numbers)
            self._say(200, f"<R><Key>{key}</Key></R>".encode())

    def _get(self, bucket: Bucket, key: str, query: dict[str, str], _body: bytes) -> None:
        if not key:
            keys = sorted(k for k in bucket.objects if k.startswith(query.get("prefix", "")))
            each = [f"<Contents><Key>{k}</Key><LastModified>{WRITTEN}</LastModified></Contents>" for k in keys]
            inside = f"<IsTruncated>false</IsTruncated>{''.join(each)}"
            self._say(200, f"<ListBucketResult>{inside}</ListBucketResult>".encode())
        elif key not in bucket.objects:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif wanted := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")):
            self._say(206, bucket.objects[key][int(wanted[1]) : int(wanted[2]) + 1])
        else:
            self._say(200, bucket.objects[key])

    def _head(self, bucket: Bucket, key: str, _query: dict[str, str], _body: bytes) -> None:
        self._say(200 if key in bucket.objects else 404, bucket.objects.get(key, b""))

    def _delete(self, bucket: Bucket, key: str, query: dict[str, str], _body: bytes) -> None:
        bucket.uploads.pop(query.get("uploadId", ""), None)
        if "uploadId" not in query:
            bucket.objects.pop(key, None)
        self._say(204)

    def _say(self, status: int, body: bytes = b"", etag: bytes | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", HTTP_DATE)
        if etag is not None:
            self.send_header("ETag", f'"{md5(etag, usedforsecurity=False).hexdigest()}"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Bucket]:
    """Serve the bucket recordings-of-acme."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients hang up in the middle of a read
    bucket = Bucket(endpoint=f"http://127.0.0.1:{server.server_address[1]}")
    server.bucket = bucket  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
