"""The application `console`: the people's pages."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    """Dashboard, history, quarantine, reports, jobs."""

    name = "console"
    verbose_name = _("Console")
