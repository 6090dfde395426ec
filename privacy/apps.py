"""The application `privacy`: what happened on the network."""

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """Numbers, calls, call events, messages and how they arrive."""

    name = "privacy"
    verbose_name = _("Calls and numbers")

    def ready(self) -> None:
        """Have pushes follow the URLs of their application, whoever changes those."""
        post_save.connect(import_string("privacy.stranded.follow"), sender="accounts.Application")
