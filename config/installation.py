"""This installation as the backup sees it."""

from django.conf import settings
from django.db import connection

from common.keyring import keyring
from config.services.backup import Installation


def installation() -> Installation:
    """Return the database, data directory and key fingerprints this process works with."""
    parameters = connection.get_connection_params()
    return Installation(
        target={name: str(value) for name, value in parameters.items() if isinstance(value, str | int) and value != ""},
        data_dir=settings.DATA_DIR,
        keys={kid: mark.hex() for kid, mark in keyring().fingerprints().items()},
        embedded=not settings.PRODUCTION,
    )
