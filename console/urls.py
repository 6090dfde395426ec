"""The pages of the console."""

from django.urls import URLPattern, URLResolver, include, path

from console.dashboard.views import dashboard
from console.history import detail
from console.history import views as history
from console.history.unknown_codes import unknown_codes
from console.money import charges
from console.money import views as money

urlpatterns: list[URLPattern | URLResolver] = [
    path("", dashboard, name="dashboard"),
    path("calls/", history.calls, name="calls"),
    path("calls/<uuid:pk>/", detail.call, name="call"),
    path("calls/<uuid:pk>/reveal/", detail.reveal_call, name="reveal_call"),
    path("call-events/", history.call_events, name="call_events"),
    path("call-events/<uuid:pk>/", detail.call_event, name="call_event"),
    path("call-events/<uuid:pk>/reveal/", detail.reveal_call_event, name="reveal_call_event"),
    path("messages/", history.messages, name="messages"),
    path("messages/<uuid:pk>/", detail.message, name="message"),
    path("messages/<uuid:pk>/reveal/", detail.reveal_message, name="reveal_message"),
    path("number-status/", history.number_statuses, name="number_statuses"),
    path("unknown-codes/", unknown_codes, name="unknown_codes"),
    path("balances/", money.balances, name="balances"),
    path("charges/", charges.charges, name="charges"),
    path("charges/<uuid:pk>/", charges.charge, name="charge"),
    path("packages/", money.packages, name="packages"),
    path("ledger/", money.ledger, name="ledger"),
    path("ledger/<int:pk>/", money.ledger_transaction, name="ledger_transaction"),
    path("settlement-runs/", money.settlement_runs, name="settlement_runs"),
    path("settlement-runs/<int:pk>/", money.settlement_run, name="settlement_run"),
    path("", include("console.urls_bindings")),
    path("", include("console.urls_numbers")),
    path("", include("console.urls_reports")),
    path("", include("console.urls_quarantine")),
    path("", include("console.testcalls.urls")),
    path("", include("console.replays.urls")),
    path("", include("console.voices.urls")),
    path("", include("console.risk.urls")),
    path("", include("console.keywords.urls")),
    path("", include("console.recordings.urls")),
    path("", include("console.deliveries.urls")),
    path("", include("console.alerts.urls")),
]
