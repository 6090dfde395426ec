"""The machines' doors of this app; config.urls includes them at the root."""

from django.urls import include, path

from privacy.api import links, upstream

urlpatterns = [
    # First, for a caller waits; and a path is compared with one pattern after the other.
    path("", include("privacy.api.switch.urls")),
    path("upstream/v1/notifications", upstream.notifications, name="upstream_notifications"),
    path("recordings/<str:token>/<path:name>", links.recording_file, name="recording_file"),
    path("", include("privacy.api.customers.urls")),
    path("", include("privacy.api.northbound.urls")),
]
