"""The paths of the switch's doors."""

from django.urls import path

from privacy.api.switch.calls import calls
from privacy.api.switch.messages import messages
from privacy.api.switch.recordings import recordings
from privacy.api.switch.stops import stops
from privacy.api.switch.voices import voices

urlpatterns = [
    path("switch/v1/calls", calls, name="switch_calls"),
    path("switch/v1/messages", messages, name="switch_messages"),
    path("switch/v1/stops", stops, name="switch_stops"),
    path("switch/v1/voices/<str:name>", voices, name="switch_voice"),
    # With any text, so that one that is no name is told what is wrong with it.
    path("switch/v1/recordings/<path:name>", recordings, name="switch_recording"),
]
