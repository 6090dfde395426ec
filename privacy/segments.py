"""What a message and a call amount to: parts of an SMS and minutes of a call (billing.md 1). Pure."""

from datetime import datetime

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
SINGLE_GSM, SINGLE_WIDE, MULTIPART_WIDE = 160, 70, 67
MINUTE = 60


def parts(text: str, *, multipart_gsm: int = 154, extension_counts: int = 1) -> int:
    """Return how many parts a text is sent in; an empty one is one part.

    `multipart_gsm` is what a part of a long English text holds (154 here, 153 by 3GPP); `extension_counts` is what a
    character of the GSM extension table counts. Anything outside both tables makes it 70/67 UTF-16 units.
    """
    length = _gsm_length(text, extension_counts)
    if length is not None:
        return 1 if length <= SINGLE_GSM else -(-length // multipart_gsm)
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return 1 if units <= SINGLE_WIDE else -(-units // MULTIPART_WIDE)


def talk_seconds(answered_at: datetime, ended_at: datetime) -> int:
    """Return the seconds talked, every started second whole, so that minutes follow from seconds."""
    talk = ended_at - answered_at
    return talk.days * 86_400 + talk.seconds + (talk.microseconds > 0)


def minutes(seconds: int) -> int:
    """Return the minutes charged: every started minute is whole, 0 seconds are 0."""
    return -(-seconds // MINUTE)


def _gsm_length(text: str, extension_counts: int) -> int | None:
    characters = set(text)
    if characters <= GSM_BASIC:
        return len(text)
    if not characters <= GSM_BASIC | GSM_EXTENSION:
        return None
    return len(text) + (extension_counts - 1) * sum(character in GSM_EXTENSION for character in text)
