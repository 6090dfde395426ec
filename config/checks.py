"""System checks of the environment: every mistake with an id and a hint, all at once; any of them stops the start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from common.errors import MasklineError
from common.keyring import keyring


def environment_is_sound(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each problem met while the settings were read, and for an unusable data key."""
    found: list[CheckMessage] = [Error(p.message, hint=p.hint, id=p.id) for p in settings.ENV.problems]
    if settings.MASKLINE_DATA_KEY:
        try:
            keyring()
        except MasklineError as error:
            found.append(
                Error(str(error), hint="Write MASKLINE_DATA_KEY as kid:base64(64 bytes)[,kid:...].", id="maskline.E007")
            )
    return found
