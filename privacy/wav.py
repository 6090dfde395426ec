"""WAV files in A-law: reading and checking one, and turning it into what every browser plays.

A voice file is RIFF/WAVE, A-law, 8000 Hz, 8 bits, mono, at most 2 MB (northbound.md 10; pushes.md 8).
"""

import struct
from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.errors import BadInput

RATE, BITS, CHANNELS, A_LAW = 8000, 8, 1, 6
MOST_BYTES = 2 * 1024 * 1024
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
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise BadInput("file", _not_a_wav(content))
    form: tuple[int, int, int, int] | None = None
    position = 12
    while position + 8 <= len(content):
        name, size = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "little")
        body = content[position + 8 : position + 8 + size]
        if len(body) < size:
            raise BadInput("file", _cut_off(name, size, len(body)))
        if name == b"fmt " and size >= 16:
            encoding, channels, rate, _bytes_per_second, _block, bits = struct.unpack_from("<HHIIHH", body)
            form = (encoding, channels, rate, bits)
        if name == b"data":
            if form is None:
                raise BadInput("file", _("The WAV file does not say its format before its sound (no fmt chunk)."))
            return Wave(*form, body)
        # Chunks begin at even places.
        position += 8 + size + size % 2
    raise BadInput("file", _("The WAV file has no sound in it (no data chunk)."))


def to_pcm(content: bytes) -> bytes:
    """Return an A-law WAV file as one of 16-bit PCM, which every browser plays."""
    samples = read(content).samples
    sound = bytearray(2 * len(samples))
    sound[0::2] = samples.translate(_LOW)
    sound[1::2] = samples.translate(_HIGH)
    return riff(1, 16, bytes(sound))


def riff(encoding: int, bits: int, samples: bytes, *, rate: int = RATE, channels: int = CHANNELS) -> bytes:
    """Return a WAV file of these samples with the shortest header there is."""
    block = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, encoding, channels, rate, rate * block, block, bits)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples + b"\0" * (len(samples) % 2)
    return struct.pack("<4sI", b"RIFF", len(body)) + body


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
