"""The addresses of test calls."""

from django.urls import path

from console.testcalls import views

urlpatterns = [
    path("test-calls/", views.test_calls, name="test_calls"),
    path("test-calls/play/", views.play_test_call, name="play_test_call"),
    path("test-calls/<int:pk>/", views.test_call, name="test_call"),
]
