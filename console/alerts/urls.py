"""The addresses of the alerts' pages."""

from django.urls import path

from console.alerts import views, views_routes

urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<int:pk>/", views.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge/", views.acknowledge, name="alert_acknowledge"),
    path("alerts/<int:pk>/silence/", views.silence, name="alert_silence"),
    path("alerts/<int:pk>/close/", views.close, name="alert_close"),
    path("alert-routes/", views_routes.routes, name="alert_routes"),
    path("alert-routes/new/", views_routes.new_route, name="alert_route_new"),
    path("alert-routes/<int:pk>/", views_routes.route, name="alert_route"),
    path("alert-routes/<int:pk>/test/", views_routes.try_route, name="alert_route_test"),
]
