"""What can be exported: rows as a machine CSV in blocks, and the facts that prove them.

A machine CSV is UTF-8 without BOM, one header line, then only rows, as COPY writes it. Every other format is made from
it, so that the same rows have the same SHA-256 in each.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from billing.reports.columns import Column
from common.errors import MasklineError

BLOCK_BYTES = 256 * 1024


class RowsDiffer(MasklineError):
    """As many rows were written as the control totals did not count: the file is thrown away."""

    retry = True


class Extract(ABC):
    """One export: its name, columns, and the way to its rows."""

    name: str
    zone: str
    columns: tuple[Column, ...]
    rows: int = 0  # written so far

    @abstractmethod
    def opened(self) -> AbstractContextManager[None]:
        """Return the context in which rows and facts come from one snapshot of the database."""

    @abstractmethod
    def blocks(self) -> Iterator[bytes]:
        """Yield the machine CSV, header first, in blocks of about 256 KB; `rows` counts along."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return what the sidecar says beside rows and hashes; `provisional` and `complete` among it."""

    @abstractmethod
    def estimate(self) -> int:
        """Return about how many rows it will read: decides between at once and a job."""

    @abstractmethod
    def stem(self) -> str:
        """Return the file name without `provisional` and ending."""
