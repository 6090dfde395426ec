"""Chinese."""

from config.formats import *  # noqa: F403  Django reads every name of this module
