"""Fixtures every test relies on. The environment of the tests is set earlier, by config/pytest_plugin.py."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from common import partitions

# A busy machine makes examples slow, which says nothing of what is tested.
hypothesis_settings.register_profile("maskline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("maskline")

TRUNCATE_GUARDS = """
    SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
      FROM pg_trigger
     WHERE tgname LIKE '%append_only_truncate' AND NOT tgisinternal AND tgparentid = 0
"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make today's partitions (a reused test database has last week's), and let flush truncate what is append-only."""
    with django_db_blocker.unblock():
        partitions.ensure_ahead(datetime.now(UTC))
        with connection.cursor() as cursor:
            cursor.execute(TRUNCATE_GUARDS)
            for (statement,) in cursor.fetchall():
                cursor.execute(statement)


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """Start each test with the worker's Redis database empty."""
    cache.clear()


@pytest.fixture(autouse=True)
def _in_no_language() -> None:
    """Start each test in the language and zone of the settings: a page of another test may have set the thread's."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def data_key() -> str:
    """Return the text of the tests' data key."""
    return str(settings.MASKLINE_DATA_KEY)
