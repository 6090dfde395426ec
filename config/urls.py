"""Every door of the web server."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health, metrics
from config.openapi import views as openapi

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/schema/", openapi.schema, name="api_schema"),
    path("api/docs/", openapi.page, name="api_docs"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("privacy.urls")),
    path("", include("console.urls")),
]
