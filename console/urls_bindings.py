"""The addresses of bindings, API requests, applications and the cloud audit."""

from django.urls import path

from console import views_applications, views_cloud_audit, views_reach
from console.bindings import detail, listing, views_ending, views_making
from console.requests import detail as request_detail
from console.requests import listing as request_listing

urlpatterns = [
    path("bindings/", listing.listing, name="bindings"),
    path("bindings/bind/", views_making.bind, name="bind"),
    path("bindings/bind/<int:pk>/", views_making.bind_in, name="bind_in"),
    path("bindings/end/", views_ending.end_bindings, name="end_bindings"),
    path("bindings/end/apply/", views_ending.end_apply, name="end_apply"),
    path("bindings/<uuid:pk>/", detail.binding, name="binding"),
    path("bindings/<uuid:pk>/reveal/", detail.reveal_binding, name="reveal_binding"),
    path("bindings/<uuid:pk>/bind/", views_making.bind_relation, name="bind_relation"),
    path("bindings/<uuid:pk>/end/", views_ending.end_binding, name="end_binding"),
    path("requests/", request_listing.listing, name="requests"),
    path("requests/<uuid:pk>/", request_detail.api_request, name="api_request"),
    path("requests/<uuid:pk>/reveal/", request_detail.reveal_request, name="reveal_request"),
    path("applications/", views_applications.applications, name="applications"),
    path("applications/<int:pk>/", views_applications.application, name="application"),
    path("who-would-it-reach/", views_reach.who_would_it_reach, name="who_would_it_reach"),
    path("cloud-audit/", views_cloud_audit.cloud_audit, name="cloud_audit"),
]
