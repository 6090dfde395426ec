"""The sound of a voice file as an answer: to play in a page, or as it was uploaded."""

import io
from pathlib import PurePath
from typing import BinaryIO

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from common import byte_ranges
from common.errors import BadInput, NotReady
from privacy import voices, wav
from privacy.models import VoiceFile

TYPE = "audio/wav"


def played(request: HttpRequest, voice: VoiceFile) -> HttpResponseBase:
    """Return the sound as 16-bit PCM: few browsers play A-law. Raises Http404 when the storage has lost it."""
    try:
        with _open(voice) as file:
            sound = wav.to_pcm(file.read())
    except BadInput:
        raise Http404 from None
    name = f"{PurePath(voice.name).stem}-pcm.wav"
    return byte_ranges.answer(request, io.BytesIO(sound), size=len(sound), content_type=TYPE, name=name)


def downloaded(request: HttpRequest, voice: VoiceFile) -> HttpResponseBase:
    """Return the file as it was uploaded. Raises Http404 when the storage has lost it."""
    return byte_ranges.answer(request, _open(voice), size=voice.size, content_type=TYPE, name=voice.name, download=True)


def is_there(voice: VoiceFile) -> bool:
    """Return whether the storage still has the sound: a restored backup may lack one."""
    try:
        voices.open_sound(voice).close()
    except NotReady:
        return True  # a bucket that is away for a moment has lost nothing
    except OSError:
        return False
    return True


def _open(voice: VoiceFile) -> BinaryIO:
    try:
        return voices.open_sound(voice)
    except OSError:
        raise Http404 from None
