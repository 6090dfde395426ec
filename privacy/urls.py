"""The machines' doors of this app; config.urls includes them at the root."""

from django.urls import include, path

from privacy.api import upstream

urlpatterns = [
    path("upstream/v1/notifications", upstream.notifications, name="upstream_notifications"),
    path("", include("privacy.api.northbound.urls")),
]
