"""A Django storage in an S3-compatible bucket that reads parts of objects, and whose faults are OSErrors.

django-storages reads an object whole into memory before its first byte is out; a player asks for parts.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from common.errors import NotReady

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
NOT_THERE = {"404", "NoSuchKey", "NotFound"}


class BucketAway(NotReady, OSError):
    """The bucket cannot be reached, or refuses. The text names no key and no object."""


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the faults of the library into BucketAway, and what is not there into FileNotFoundError."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in NOT_THERE:
            raise FileNotFoundError("no such object") from None
        raise BucketAway(f"the bucket refuses: {code[:40]}") from None
    except (BotoCoreError, Boto3Error, HTTPClientError, HTTPError) as error:
        raise BucketAway(f"the bucket cannot be reached: {type(error).__name__}") from None


def _client(*, own_server: bool) -> Config:
    """Return how the library speaks: with bounded waits, and plainly to servers that are not Amazon's."""
    return Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"total_max_attempts": 3},
        signature_version="s3v4",
        s3={"addressing_style": "path" if own_server else "auto"},
        # Many compatible servers know neither the new checksums nor the trailers they come in.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


class BucketStorage(S3Storage):  # type: ignore[misc, unused-ignore]  # it has no types
    """Objects of one bucket below `location`. Names are never overwritten: a taken one gets a suffix."""

    bucket: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{
                "file_overwrite": False,
                "default_acl": None,
                "client_config": _client(own_server=bool(options.get("endpoint_url"))),
                "transfer_config": TransferConfig(
                    use_threads=False, multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES
                ),
                **options,
            }
        )

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("objects are only read")
        with _faults():
            found = self.bucket.Object(self._normalize_name(name))
            found.load()
            return ObjectFile(found)

    def _save(self, name: str, content: Any) -> str:
        with _faults():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """Delete an object; one that is gone already is as good."""
        with _faults():
            super().delete(name)

    def exists(self, name: str) -> bool:
        """Return whether there is such an object."""
        with _faults():
            return bool(super().exists(name))

    def walk(self) -> Iterator[tuple[str, Any]]:
        """Return every object below the location: its name and when it was written."""
        with _faults():
            start = f"{self.location}/" if self.location else ""
            for found in self.bucket.objects.filter(Prefix=start):
                yield found.key.removeprefix(start), found.last_modified


class ObjectFile(File[bytes]):
    """An object that is read from where one seeks: one request for each place, nothing held in memory."""

    def __init__(self, found: Any) -> None:
        self._found, self._at = found, 0
        self._body: Any = None
        self.name, self.mode = found.key, "rb"
        self._length = int(found.content_length)

    @property
    def size(self) -> int:
        """Return the bytes there are."""
        return self._length

    @property
    def closed(self) -> bool:
        """Return False: it can be read from any place again."""
        return False

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is fetched before it is read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        if start + offset != self._at:
            self.close()
            self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes. Raises BucketAway."""
        if self._at >= self._length or size == 0:
            return b""
        with _faults():
            if self._body is None:
                self._body = self._found.get(Range=f"bytes={self._at}-{self._length - 1}")["Body"]
            part: bytes = self._body.read(size if size > 0 else None)
        self._at += len(part)
        return part

    def close(self) -> None:
        """Let the connection go."""
        body, self._body = self._body, None
        if body is not None:
            body.close()
