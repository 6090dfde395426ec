"""The application `notifications`: telling the customer what happened."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """Outbox, endpoints and attempts."""

    name = "notifications"
    verbose_name = _("Notifications")
