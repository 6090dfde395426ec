"""WAV files: what is fit for calls, what a person is told of the others, and playing A-law in a browser."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from privacy import wav
from privacy.tests.sounds import SECOND, a_law


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 6, 1, 8000, 8000, 1, 8))
FMT_18 = chunk(b"fmt ", struct.pack("<HHIIHHH", 6, 1, 8000, 8000, 1, 8, 0))


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return chunk(b"RIFF", body)


def problem_of(content: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        wav.check(content)
    assert refused.value.field == "file"
    return refused.value.problem


def test_a_law_of_8000_hz_is_taken_and_measured():
    assert (wav.check(a_law()).samples, wav.check(a_law()).milliseconds) == (SECOND, 1000)
    assert wav.check(a_law(b"\xd5" * 12)).milliseconds == 1


@pytest.mark.parametrize(
    "content",
    [
        riff(FMT_18, chunk(b"fact", struct.pack("<I", 4)), chunk(b"data", b"\xd5" * 4)),
        riff(FMT, chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0") + b"\0", chunk(b"data", b"\xd5" * 4)),
        riff(FMT, chunk(b"data", b"\xd5" * 4), chunk(b"LIST", b"INFO")),
        riff(FMT, chunk(b"data", b"\xd5" * 3)),  # the pad byte after an odd length is often left out
        b"RIFF\xff\xff\xff\xffWAVE" + FMT + chunk(b"data", b"\xd5" * 4),
    ],
    ids=["ffmpeg's header", "a comment before", "a comment after", "odd length", "RIFF of unknown length"],
)
def test_headers_that_encoders_write_are_understood(content: bytes):
    assert set(wav.check(content).samples) == {0xD5}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (wav.riff(1, 16, b"\0" * 8), "is PCM, 8000 Hz, 16 bits, mono; needed is A-law, 8000 Hz, 8 bits, mono"),
        (wav.riff(7, 8, b"\0" * 8), "is µ-law, 8000 Hz, 8 bits, mono"),
        (wav.riff(6, 8, b"\0" * 8, rate=16000), "is A-law, 16000 Hz, 8 bits, mono"),
        (wav.riff(6, 8, b"\0" * 8, channels=2), "is A-law, 8000 Hz, 8 bits, stereo"),
        (wav.riff(1, 24, b"\0" * 8, channels=6, rate=48000), "is PCM, 48000 Hz, 24 bits, 6 channels"),
        (wav.riff(4711, 8, b"\0" * 8), "is encoding 4711, 8000 Hz"),
        (a_law(b""), "no sound"),
        (b"", "The file is empty"),
        (b"ID3\x04" + b"\0" * 99, "of kind MP3"),
        (b"\xff\xfb\x90\x00" + b"\0" * 99, "of kind MP3"),
        (b"OggS" + b"\0" * 99, "of kind Ogg"),
        (b"\0\0\0\x20ftypM4A ", "of kind MP4/M4A"),
        (b"<html><script>alert(1)</script>", "does not begin with RIFF and WAVE"),
        (b"RIFF\x04\0\0\0AVI LIST", "does not begin with RIFF and WAVE"),
        (b"RIFF\x04\0\0\0WAVE", "no data chunk"),
        (riff(FMT), "no data chunk"),
        (riff(chunk(b"data", b"\0" * 4), FMT), "no fmt chunk"),
        (riff(chunk(b"fmt ", b"\x06\0\x01\0"), chunk(b"data", b"\0" * 4)), "no fmt chunk"),
        (riff(FMT, chunk(b"data", b"\0" * 4, size=5)), "“data” should have 5 bytes and has 4"),
        (riff(FMT, chunk(b"data", b"\0" * 4, size=2**32 - 1)), "was written to a pipe"),
        (riff(FMT, chunk(b"\xff<a>", b"\0", size=99)), "its part “?”"),
        (a_law(b"\xd5" * wav.MOST_BYTES), "larger than 2 MB"),
    ],
)
def test_what_is_not_fit_is_named(content: bytes, said: str):
    assert said in problem_of(content)


def test_a_file_of_exactly_2_mb_is_taken():
    assert wav.check(a_law(b"\xd5" * (wav.MOST_BYTES - 44)))


@given(st.binary(max_size=120))
def test_no_bytes_do_worse_than_being_refused(noise: bytes):
    for content in (noise, b"RIFF\0\0\0\0WAVE" + noise, b"RIFF\0\0\0\0WAVE" + FMT + noise):
        try:
            assert wav.check(content).samples
        except BadInput as refused:
            assert refused.problem


def test_a_browser_gets_16_bit_pcm_of_the_same_length():
    with wave.open(io.BytesIO(wav.to_pcm(a_law()))) as played:
        assert (played.getnchannels(), played.getframerate(), played.getsampwidth()) == (1, 8000, 2)
        assert played.getnframes() == len(SECOND)


def test_a_law_decodes_as_g711_says():
    codes = [0xD5, 0x55, 0xAA, 0x2A, 0x80, 0xFF, 0x85]
    sound = wav.to_pcm(a_law(bytes(codes)))[44:]
    assert list(struct.unpack(f"<{len(codes)}h", sound)) == [8, -8, 32256, -32256, 5504, 848, 4224]
