"""The wiring as a Django application: it brings the system checks, and Celery to every process."""

from django.apps import AppConfig
from django.core.checks import register


class ConfigApp(AppConfig):
    """Registers config/checks.py and makes config/celery.py the application that tasks are sent with."""

    name = "config"
    label = "config"

    def ready(self) -> None:
        """Register the checks of the environment, and Celery for all threads of the web server."""
        celery.app.set_default()
        register(checks.environment_is_sound)


from config import celery, checks  # noqa: E402  (they need the settings module, which is loaded by now)
