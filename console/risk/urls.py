"""The addresses of risk control."""

from django.urls import path

from console.risk import views, views_blocked, views_lists, views_loading, views_near, views_rules

urlpatterns = [
    path("risk/", views.risk, name="risk"),
    path("risk/<int:pk>/", views.risk_application, name="risk_application"),
    path("risk/<int:pk>/switch/", views.risk_switch, name="risk_switch"),
    path("risk/<int:pk>/rules/add/", views_rules.risk_rule_add, name="risk_rule_add"),
    path("risk/rules/<int:pk>/", views_rules.risk_rule, name="risk_rule"),
    path("risk/<int:pk>/blacklist/", views_lists.blacklist, name="blacklist"),
    path("risk/<int:pk>/blacklist/add/", views_lists.blacklist_add, name="blacklist_add"),
    path("risk/<int:pk>/blacklist/load/", views_loading.blacklist_load, name="blacklist_load"),
    path("risk/blacklist/apply/", views_loading.blacklist_apply, name="blacklist_apply"),
    path("risk/blacklist/<int:pk>/", views_lists.blacklist_entry, name="blacklist_entry"),
    path("risk/blacklist/<int:pk>/reveal/", views_lists.reveal_blacklist_entry, name="reveal_blacklist_entry"),
    path("risk/blocked/", views_blocked.blocked_calls, name="blocked_calls"),
    path("risk/blocked/<uuid:pk>/", views_blocked.blocked_call, name="blocked_call"),
    path("risk/blocked/<uuid:pk>/reveal/", views_blocked.reveal_blocked_call, name="reveal_blocked_call"),
    path("near-misses/", views_near.near_misses, name="near_misses"),
    path("near-misses/file/", views_near.near_misses_file, name="near_misses_file"),
]
