"""WAV files in A-law: reading and checking one, and turning it into what every browser plays.

A voice file is RIFF/WAVE, A-law, 8000 Hz, 8 bits, mono, at most 2 MB (northbound.md 10; pushes.md 8).
"""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from common.errors import BadInput

RATE, BITS, CHANNELS, A_LAW = 8000, 8, 1, 6
MOST_BYTES = 2 * 1024 * 1024
MOST_CHUNKS = 1000
FFMPEG = "ffmpeg -i {source} -map_metadata -1 -ar 8000 -ac 1 -c:a pcm_alaw {target}"
SOX = "sox {source} -r 8000 -c 1 -e a-law {target}"

ENCODINGS = {1: "PCM", 2: "MS ADPCM", 3: "IEEE float", 6: "A-law", 7: "µ-law", 17: "IMA ADPCM", 49: "GSM 6.10"}
ENCODINGS |= {80: "MPEG", 85: "MP3", 0xFFFE: "WAVE_FORMAT_EXTENSIBLE"}
# What people upload instead, by how it begins (offset, bytes).
OTHERS = [
    ("MP3", 0, b"ID3"), ("MP3", 0, b"\xff\xfb"), ("MP3", 0, b"\xff\xf3"), ("MP3", 0, b"\xff\xf2"),
    ("AAC", 0, b"\xff\xf1"), ("Ogg", 0, b"OggS"), ("FLAC", 0, b"fLaC"), ("AMR", 0, b"#!AMR"), ("AIFF", 0, b"FORM"),
    ("MP4/M4A", 4, b"ftyp"), ("WMA", 0, b"\x30\x26\xb2\x75"), ("RF64", 0, b"RF64"), ("AU", 0, b".snd"),
]  # fmt: skip


@dataclass(frozen=True)
class Wave:
    """What a WAV file says of itself, and its samples."""

    encoding: int
    channels: int
    rate: int
    bits: int
    samples: bytes

    @property
    def milliseconds(self) -> int:
        """Return how long an A-law file plays: a byte is a sample."""
        return len(self.samples) * 1000 // RATE


@dataclass(frozen=True)
class Samples:
    """Where in a file its samples begin and end (excluded)."""

    start: int
    end: int

    @property
    def milliseconds(self) -> int:
        """Return how long an A-law file plays: a byte is a sample."""
        return (self.end - self.start) * 1000 // RATE


def check(content: bytes) -> Wave:
    """Return the file if it is fit for calls. Raises BadInput that says what it is, in the person's language."""
    if len(content) > MOST_BYTES:
        raise BadInput("file", too_large())
    wave = read(content)
    if (wave.encoding, wave.channels, wave.rate, wave.bits) != (A_LAW, CHANNELS, RATE, BITS):
        raise BadInput("file", _not_as_needed(wave))
    if not wave.samples:
        raise BadInput("file", _("The file holds no sound."))
    return wave


def read(content: bytes) -> Wave:
    """Return what a RIFF/WAVE file holds, of any encoding. Raises BadInput when it is none, or is cut off."""
    form, samples = _walk(io.BytesIO(content), len(content))
    return Wave(*form, content[samples.start : samples.end])


def locate(file: BinaryIO, size: int) -> Samples:
    """Return where the samples of a file of any length lie, if it is fit for calls; only its head is read.

    Raises BadInput as `check` does.
    """
    form, samples = _walk(file, size)
    if form != (A_LAW, CHANNELS, RATE, BITS):
        raise BadInput("file", _not_as_needed(Wave(*form, b"")))
    if samples.start == samples.end:
        raise BadInput("file", _("The file holds no sound."))
    return samples


def _walk(file: BinaryIO, size: int) -> tuple[tuple[int, int, int, int], Samples]:
    """Return encoding, channels, rate and bits, and where the samples are. Raises BadInput."""
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise BadInput("file", _not_a_wav(head))
    form: tuple[int, int, int, int] | None = None
    position = 12
    for _chunk in range(MOST_CHUNKS):
        if position + 8 > size:
            break
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        if position + 8 + length > size:
            raise BadInput("file", _cut_off(name, length, size - position - 8))
        if name == b"fmt " and length >= 16:
            encoding, channels, rate, _bytes_per_second, _block, bits = struct.unpack("<HHIIHH", file.read(16))
            form = (encoding, channels, rate, bits)
        if name == b"data":
            if form is None:
                raise BadInput("file", _("The WAV file does not say its format before its sound (no fmt chunk)."))
            return form, Samples(position + 8, position + 8 + length)
        # Chunks begin at even places.
        position += 8 + length + length % 2
    raise BadInput("file", _("The WAV file has no sound in it (no data chunk)."))


def to_pcm(content: bytes) -> bytes:
    """Return an A-law WAV file as one of 16-bit PCM, which every browser plays."""
    return riff(1, 16, linear(read(content).samples))


def linear(samples: bytes) -> bytes:
    """Return A-law samples as 16-bit ones: two bytes for each."""
    sound = bytearray(2 * len(samples))
    sound[0::2] = samples.translate(_LOW)
    sound[1::2] = samples.translate(_HIGH)
    return bytes(sound)


def riff(encoding: int, bits: int, samples: bytes, *, rate: int = RATE, channels: int = CHANNELS) -> bytes:
    """Return a WAV file of these samples with the shortest header there is."""
    head = riff_head(encoding, bits, len(samples), rate=rate, channels=channels)
    return head + samples + b"\0" * (len(samples) % 2)


def riff_head(encoding: int, bits: int, length: int, *, rate: int = RATE, channels: int = CHANNELS) -> bytes:
    """Return what stands before so many bytes of samples."""
    block = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, encoding, channels, rate, rate * block, block, bits)
    whole = 4 + len(form) + 8 + length + length % 2
    return struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + form + struct.pack("<4sI", b"data", length)


def too_large() -> str:
    """Return what is said of a file over the limit."""
    return _("The file is larger than %(mib)s MB: at 8,000 bytes a second, a good 4 minutes.") % {
        "mib": MOST_BYTES // (1024 * 1024)
    }


def _not_a_wav(content: bytes) -> str:
    if not content:
        return _("The file is empty.")
    for name, offset, start in OTHERS:
        if content[offset : offset + len(start)] == start:
            return _("This is a file of kind %(kind)s, whatever its name says; a WAV file is needed.") % {"kind": name}
    return _("This is not a WAV file: it does not begin with RIFF and WAVE.")


def _cut_off(chunk: bytes, said: int, there: int) -> str:
    name = chunk.decode("ascii", "replace").strip() if chunk.isascii() and chunk.decode().isprintable() else "?"
    return _(
        "The WAV file is cut off, or was written to a pipe: its part “%(part)s” should have %(said)s bytes and has "
        "%(there)s."
    ) % {"part": name, "said": said, "there": there}


def _not_as_needed(wave: Wave) -> str:
    return _(
        "This WAV file is %(encoding)s, %(rate)s Hz, %(bits)s bits, %(channels)s; "
        "needed is A-law, 8000 Hz, 8 bits, mono."
    ) % {
        "encoding": ENCODINGS.get(wave.encoding, _("encoding %(number)s") % {"number": wave.encoding}),
        "rate": wave.rate,
        "bits": wave.bits,
        "channels": {1: _("mono"), 2: _("stereo")}.get(wave.channels) or _("%(n)s channels") % {"n": wave.channels},
    }


def _linear(code: int) -> int:
    """Return the 16-bit sample of an A-law byte (ITU-T G.711)."""
    code ^= 0x55
    step, size = code >> 4 & 7, (code & 0x0F) << 4
    size = size + 8 if step == 0 else size + 0x108 << step - 1
    return size if code & 0x80 else -size


_SAMPLES = [struct.pack("<h", _linear(code)) for code in range(256)]
_LOW, _HIGH = bytes(sample[0] for sample in _SAMPLES), bytes(sample[1] for sample in _SAMPLES)
