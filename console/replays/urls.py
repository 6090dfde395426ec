"""The addresses of replays."""

from django.urls import path

from console.replays import views

urlpatterns = [
    path("replays/", views.replays, name="replays"),
    path("replays/new/", views.new_replay, name="new_replay"),
    path("replays/apply/", views.apply_replay, name="apply_replay"),
    path("replays/<uuid:pk>/cancel/", views.cancel_replay, name="cancel_replay"),
]
