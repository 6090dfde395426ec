"""The paths of northbound.md 0, byte for byte; anything else under /rest, /REST or //rest is a bare 404."""

from django.urls import path, re_path

from privacy.api.northbound import ax, axb, axe, axyb, calls, recordings
from privacy.api.northbound.nowhere import Nowhere

urlpatterns = [
    path("rest/provision/caas/privatenumber/v1.0", ax.Bindings.as_view(), name="ax_bindings"),
    path("rest/caas/privatenumber/calleenumber/v1.0", ax.TemporaryCallee.as_view(), name="ax_temporary_callee"),
    path("rest/caas/relationnumber/partners/v1.0", axb.Bindings.as_view(), name="axb_bindings"),
    path("rest/caas/extendnumber/v1.0", axe.Bindings.as_view(), name="axe_bindings"),
    path("rest/omp/xyrelationnumber/v1.0", axyb.Bindings.as_view(), name="axyb_bindings"),
    path("rest/provision/voice/record/v1.0", recordings.DownloadAddress.as_view(), name="recording_address"),
    path("rest/httpsessions/callStop/v2.0", calls.Stop.as_view(), name="stop_call"),
    re_path(r"^(?:/+)?[Rr][Ee][Ss][Tt](?:/|$)", Nowhere.as_view()),
]
