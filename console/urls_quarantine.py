"""The addresses of quarantine and upstreams."""

from django.urls import path

from console import views_quarantine as views
from console import views_upstreams

urlpatterns = [
    path("quarantine/", views.quarantine_groups, name="quarantine"),
    path("quarantine/group/", views.quarantine_group, name="quarantine_group"),
    path("quarantine/preview/", views.quarantine_preview, name="quarantine_preview"),
    path("quarantine/apply/", views.quarantine_apply, name="quarantine_apply"),
    path("quarantine/<uuid:pk>/", views.quarantined, name="quarantined"),
    path("quarantine/<uuid:pk>/reveal/", views.reveal_quarantined, name="reveal_quarantined"),
    path("upstreams/", views_upstreams.upstreams, name="upstreams"),
]
