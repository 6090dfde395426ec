#!/usr/bin/env python
"""Run one command of the product, with the embedded servers up while it runs."""

import os
import sys

from config import services
from config.environment import CHECKOUT
from config.services import translations


def main() -> None:
    """Start the servers the environment leaves to us, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # Kept until the process ends: it is what keeps the servers up.
        held = services.embedded(os.environ)
        translations.compile_stale(CHECKOUT / "locale")
    except services.ServiceError as problem:
        sys.exit(f"bin/manage: {problem}")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  (0.2 s, after the servers)

    execute_from_command_line(sys.argv)
    del held


if __name__ == "__main__":
    main()
