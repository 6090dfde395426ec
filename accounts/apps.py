"""The application `accounts`: who is served, who works here, and what they may do."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Accounts, applications, upstreams, staff and the audit trail."""

    name = "accounts"
    verbose_name = _("Accounts")
