"""The part of bin/lint that needs Django: system checks, and models without their migration. One process for both."""

import io
import os
import sys

import django
from django.core.management import CommandError, call_command

from config import services, testing


def main() -> int:
    """Return 0 when both are clean."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        held = testing.prepare(os.environ)
        django.setup()
        call_command("check", fail_level="WARNING", stdout=io.StringIO())
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    except (CommandError, services.ServiceError) as error:
        print(f"bin/lint: {error}", file=sys.stderr)
        return 1
    del held
    return 0


if __name__ == "__main__":
    sys.exit(main())
