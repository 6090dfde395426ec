"""What has to be true before the web server starts; bin/run calls `python -m config.prepare [--no-demo]`.

Checks, a backup before existing data is migrated, migrations, translations, staff users, on the first run the demo: all
in one process, because importing Django is what takes the time.
"""

import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from common import partitions
from config.services import translations

DEMO_WANTED = "demo.wanted"


def main(arguments: list[str]) -> int:
    """Return 0 when the web server may start, else 1 after saying why on standard error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        translations.compile_stale(settings.BASE_DIR / "locale")
        call_command("check", stdout=io.StringIO())
        demo = "--no-demo" not in arguments
        _migrate(demo=demo)
        call_command("check_data_key", verbosity=0)
        _collect_static_files()
        _make_people(demo=demo)
    except (CommandError, SystemCheckError, DatabaseError, OSError) as error:
        print(f"bin/run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _migrate(*, demo: bool) -> None:
    """Migrate, after a backup where there is something to lose. An empty database is to have the demo, if wanted."""
    executor = MigrationExecutor(connection)
    first = not executor.loader.applied_migrations
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending and not first:
        folder = settings.DATA_DIR / "backups" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        _say(f"{len(pending)} migrations to apply; backup in {folder} first")
        call_command("backup", str(folder), verbosity=0)
    if pending:
        _say("setting up the database" if first else "migrating the database")
    if first and demo:
        (settings.DATA_DIR / DEMO_WANTED).touch()
    call_command("migrate", interactive=False, verbosity=0, database=DEFAULT_DB_ALIAS)
    partitions.ensure_ahead(datetime.now(UTC))


def _collect_static_files() -> None:
    """Make the folder whitenoise looks in; fill it only where files are not served straight from their apps."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    if not settings.WHITENOISE_USE_FINDERS:
        call_command("collectstatic", interactive=False, verbosity=0)


def _make_people(*, demo: bool) -> None:
    """Make the staff users that are missing and, on a first run, the demo; one that was cut short is finished."""
    wanted = settings.DATA_DIR / DEMO_WANTED
    call_command("create_staff", stdout=sys.stderr)
    if demo and wanted.exists():
        _say("making the demo: a week of calls, settled (once)")
        call_command("demo", stdout=sys.stderr)
        call_command("create_staff", demo=True, stdout=sys.stderr)
        wanted.unlink(missing_ok=True)


def _say(text: str) -> None:
    print(f"bin/run: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
