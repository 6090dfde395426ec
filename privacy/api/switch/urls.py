"""The paths of the switch's doors."""

from django.urls import path

from privacy.api.switch.stops import stops
from privacy.api.switch.voices import voices

urlpatterns = [
    path("switch/v1/stops", stops, name="switch_stops"),
    path("switch/v1/voices/<str:name>", voices, name="switch_voice"),
    # PUT switch/v1/recordings/<str:name> belongs here (privacy/api/switch/recordings.py).
]
