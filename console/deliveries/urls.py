"""The addresses of the pages of pushes."""

from django.urls import path

from console.deliveries import views, views_endpoint, views_push, views_switch

urlpatterns = [
    path("endpoints/", views.endpoints, name="endpoints"),
    path("endpoints/<int:pk>/", views_endpoint.endpoint, name="endpoint"),
    path("endpoints/<int:pk>/attempts/", views_endpoint.attempts, name="endpoint_attempts"),
    path("endpoints/<int:pk>/<slug:change>/", views_switch.switch_endpoint, name="switch_endpoint"),
    path("applications/<int:pk>/pushes/", views.application_pushes, name="application_pushes"),
    path("applications/<int:pk>/pushes/test/", views_switch.send_test_pushes, name="send_test_pushes"),
    path("pushes/<uuid:pk>/", views_push.push, name="push"),
    path("pushes/<uuid:pk>/reveal/", views_push.reveal_push, name="reveal_push"),
]
