"""The paths at /api/v1."""

from django.urls import path

from privacy.api.customers import testcalls

urlpatterns = [
    path("api/v1/test/calls", testcalls.TestCalls.as_view(), name="api_test_calls"),
    path("api/v1/test/calls/<str:session_id>", testcalls.OneTestCall.as_view(), name="api_test_call"),
]
