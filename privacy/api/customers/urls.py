"""The paths at /api/v1."""

from django.urls import path

from privacy.api.customers import pushes, testcalls

urlpatterns = [
    path("api/v1/test/calls", testcalls.TestCalls.as_view(), name="api_test_calls"),
    path("api/v1/test/calls/<str:session_id>", testcalls.OneTestCall.as_view(), name="api_test_call"),
    path("api/v1/pushes", pushes.Pushes.as_view(), name="api_pushes"),
    path("api/v1/pushes/replay", pushes.Replays.as_view(), name="api_replays"),
    path("api/v1/pushes/replay/<str:replay_id>", pushes.OneReplay.as_view(), name="api_replay"),
]
