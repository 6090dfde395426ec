"""The staff users an installation starts with, and the file that holds their first passwords."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction

from accounts import roles
from accounts.models import Account, StaffProfile

STAFF = {
    "operator": roles.OPERATOR,
    "support": roles.SUPPORT,
    "finance": roles.FINANCE,
    "finance2": roles.FINANCE,
    "auditor": roles.AUDITOR,
}
DEMO_USER = "acme"
PASSWORD_BYTES = 15


def create_missing(path: Path, customer: Account | None = None) -> list[str]:
    """Make the staff users that are missing, and `acme` for `customer`; return their names.

    Their passwords are added to the file at `path` (mode 0600); one that stands there already is used again. Users
    that exist keep password and role. Two runs at once: the unique user name lets one of them win.
    """
    passwords = read(path)
    made = []
    wanted = {**STAFF, **({DEMO_USER: roles.CUSTOMER} if customer is not None else {})}
    for username, role in wanted.items():
        if User.objects.filter(username=username).exists():
            continue
        passwords.setdefault(username, secrets.token_urlsafe(PASSWORD_BYTES))
        # First the file: a user whose password nobody knows would never be made again.
        write(path, passwords)
        _create(username, role, passwords[username], customer if role == roles.CUSTOMER else None)
        made.append(username)
    return made


def read(path: Path) -> dict[str, str]:
    """Return the passwords of the file by user name; none when there is no file."""
    if not path.exists():
        return {}
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(path: Path, passwords: Mapping[str, str]) -> None:
    """Write the file whole, readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(dict(passwords), file, indent=1)
        file.write("\n")
    scratch.replace(path)


def _create(username: str, role: str, password: str, account: Account | None) -> None:
    with transaction.atomic():
        user = User.objects.create_user(username, password=password, is_staff=True)
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        StaffProfile.objects.create(user=user, account=account, time_zone=settings.MASKLINE_DISPLAY_ZONE)
