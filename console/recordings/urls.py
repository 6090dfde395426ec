"""The addresses of recordings; /recordings/ is where customers' links lead."""

from django.urls import path

from console.recordings import views

urlpatterns = [
    path("call-recordings/", views.recordings, name="recordings"),
    path("call-recordings/<int:pk>/play/", views.play_recording, name="play_recording"),
    path("call-recordings/<int:pk>/download/", views.download_recording, name="download_recording"),
    path("call-recordings/<int:pk>/fetch/", views.fetch_recording, name="fetch_recording"),
]
