"""The application `privacy`: what happened on the network."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """Numbers, calls, call events, messages and how they arrive."""

    name = "privacy"
    verbose_name = _("Calls and numbers")
