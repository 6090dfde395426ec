"""The tools every other package stands on. No models."""

from django.apps import AppConfig

from common import checks

__all__ = ["CommonConfig", "checks"]


class CommonConfig(AppConfig):
    name = "common"
