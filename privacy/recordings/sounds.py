"""A recording as a browser plays it: 16-bit PCM, translated piece by piece as it is read (few browsers play A-law)."""

import io
from typing import BinaryIO

from privacy import wav

PCM, BITS = 1, 16


class Played(io.RawIOBase):
    """A PCM file made of an A-law one; `size` is its length in bytes. Any part can be read, nothing is held.

    Raises BadInput when the file is no A-law recording.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file = file
        samples = wav.locate(file, size)
        self._start, length = samples.start, 2 * (samples.end - samples.start)
        self._head = wav.riff_head(PCM, BITS, length)
        self.size = len(self._head) + length
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place counted from the beginning."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the beginning")
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer only at the end."""
        end = self.size if size < 0 else min(self._at + size, self.size)
        if self._at >= end:
            return b""
        head = self._head[self._at : end]
        first, last = max(self._at - len(self._head), 0), end - len(self._head)
        sound = self._samples(first, last) if last > first else b""
        self._at += len(head) + len(sound)
        return head + sound

    def close(self) -> None:
        """Close the file too."""
        if not self.closed:
            self._file.close()
        super().close()

    def _samples(self, first: int, last: int) -> bytes:
        """Return bytes `first` to `last` of the sound; a place may fall into the middle of a sample."""
        self._file.seek(self._start + first // 2)
        made = wav.linear(self._file.read((last + 1) // 2 - first // 2))
        return made[first % 2 :][: last - first]
