"""The wiring as a Django application: it only brings the system checks."""

from django.apps import AppConfig
from django.core.checks import register


class ConfigApp(AppConfig):
    """Registers config/checks.py."""

    name = "config"
    label = "config"

    def ready(self) -> None:
        """Register the checks of the environment."""
        register(checks.environment_is_sound)


from config import checks  # noqa: E402  (checks needs the settings module, which is loaded by now)
