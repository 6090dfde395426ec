"""The addresses of voice files."""

from django.urls import path

from console.voices import views

urlpatterns = [
    path("voices/", views.voice_files, name="voice_files"),
    path("voices/upload/", views.upload_voice, name="upload_voice"),
    path("voices/<int:pk>/", views.voice_file, name="voice_file"),
    path("voices/<int:pk>/review/", views.review_voice, name="review_voice"),
    path("voices/<int:pk>/delete/", views.delete_voice, name="delete_voice"),
    path("voices/<int:pk>/play/", views.play_voice, name="play_voice"),
    path("voices/<int:pk>/download/", views.download_voice, name="download_voice"),
]
