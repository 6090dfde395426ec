"""How many parts a text counts as in this installation (billing.md 1)."""

from django.conf import settings

from privacy import segments


def parts(text: str) -> int:
    """Return the parts of a text, by the settings."""
    chosen = settings.MASKLINE
    return segments.parts(
        text, multipart_gsm=chosen["sms_multipart_7bit"], extension_counts=chosen["gsm7_extension_counts"]
    )
