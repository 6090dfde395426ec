"""The paths of northbound.md 0, byte for byte; anything else under /rest is a bare 404."""

from typing import Any

from django.urls import path, re_path
from django.utils.module_loading import import_string

from privacy.api.northbound.nowhere import Nowhere

PATHS = {
    "rest/provision/caas/privatenumber/v1.0": "ax.Bindings",
    "rest/caas/privatenumber/calleenumber/v1.0": "ax.TemporaryCallee",
    "rest/caas/relationnumber/partners/v1.0": "axb.Bindings",
    "rest/caas/extendnumber/v1.0": "axe.Bindings",
    "rest/omp/xyrelationnumber/v1.0": "axyb.Bindings",
    "rest/provision/voice/record/v1.0": "recordings.DownloadAddress",
    "rest/httpsessions/callStop/v2.0": "calls.Stop",
}


def _view(name: str) -> Any:
    try:
        return import_string(f"privacy.api.northbound.{name}")
    except ImportError:
        return None


urlpatterns = [
    *(path(where, _view(name).as_view(), name=name.lower()) for where, name in PATHS.items() if _view(name)),
    re_path(r"^rest(?:/|$)", Nowhere.as_view()),
]
