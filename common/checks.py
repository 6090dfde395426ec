"""What `common` refuses to start with."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, register

from common import faults
from common.errors import BadInput
from common.keyring import keyring


@register()
def check_data_key(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Return an error when MASKLINE_DATA_KEY cannot be read."""
    try:
        keyring()
    except BadInput as problem:
        return [Error(str(problem), hint=problem.cure, id="maskline.E090")]
    return []


@register()
def check_faults(app_configs: Any, **kwargs: Any) -> Iterable[CheckMessage]:
    """Return an error when a test fault is asked for outside a test build."""
    if not os.environ.get("MASKLINE_FAULT"):
        return []
    if not faults.allowed(os.environ):
        hint = "Unset it. It works only with MASKLINE_TEST_BUILD=1 and without DATABASE_URL."
        return [Error("MASKLINE_FAULT is set outside a test build.", hint=hint, id="maskline.E091")]
    return []
