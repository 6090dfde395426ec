"""The addresses of the numbers' pages."""

from django.urls import path

from console.numbers import detail, listing, reasons, views_orders, views_steps

urlpatterns = [
    path("numbers/", listing.numbers, name="numbers"),
    path("numbers/<int:pk>/", detail.number, name="number"),
    path("numbers/<int:pk>/reason/", reasons.number_reason, name="number_reason"),
    path("numbers/do/<slug:step>/", views_steps.number_step, name="number_step"),
    path("numbers/ticked/", views_steps.number_ticked, name="number_ticked"),
    path("numbers/apply/", views_steps.number_apply, name="number_apply"),
    path("numbers/orders/", views_orders.number_orders, name="number_orders"),
    path("numbers/orders/<int:pk>/cancel/", views_orders.number_order_cancel, name="number_order_cancel"),
    path("numbers/transfers/", views_orders.number_transfers, name="number_transfers"),
    path("numbers/transfers/<int:pk>/", views_orders.number_transfer_decide, name="number_transfer_decide"),
]
