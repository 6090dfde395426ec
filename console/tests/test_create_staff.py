"""`create_staff`: the users an installation starts with."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from accounts.roles import roles_of
from accounts.scope import for_user
from accounts.tests import cast


@pytest.fixture
def file(db: None, tmp_path: Path, settings: Any) -> Path:
    """The file of passwords, in an empty data directory."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path / "users.json"


def create(**options: Any) -> str:
    out = io.StringIO()
    call_command("create_staff", stdout=out, **options)
    return out.getvalue()


def test_each_user_has_its_role_and_logs_in_with_the_password_of_the_file(file: Path) -> None:
    told = create()
    passwords = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(passwords) == {"operator", "support", "finance", "finance2", "auditor"}
    for username, password in passwords.items():
        user = authenticate(username=username, password=password)
        assert isinstance(user, User) and user.is_staff and not user.is_superuser
        assert roles_of(user) == {username.rstrip("2")} and for_user(user).account_id is None
        assert len(password) == 20 and password not in told


def test_a_second_run_changes_nothing(file: Path) -> None:
    create()
    before = file.read_text()
    assert create() == "" and file.read_text() == before


def test_the_demo_adds_a_customer_bound_to_acme(file: Path) -> None:
    create()
    with pytest.raises(CommandError, match="no account acme"):
        create(demo=True)
    acme = cast.make_account("acme")
    assert create(demo=True).startswith("made acme;")
    assert for_user(User.objects.get(username="acme")).account_id == acme.pk
    assert len(json.loads(file.read_text())) == 6


def test_who_is_missing_is_made_and_other_entries_of_the_file_stay(file: Path) -> None:
    file.write_text('{"operator": "known-password-1", "else": "x"}')
    User.objects.create(username="support")
    create()
    passwords = json.loads(file.read_text())
    assert passwords["else"] == "x" and "support" not in passwords
    assert authenticate(username="operator", password="known-password-1")


def test_a_broken_file_is_left_alone(file: Path) -> None:
    file.write_text("{")
    with pytest.raises(CommandError, match="cannot be kept"):
        create()
    assert file.read_text() == "{" and not User.objects.exists()
