"""Fixtures of the console's tests."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Account
from accounts.tests import cast
from console.tests import scene as scenes
from console.tests.scene import Scene


@pytest.fixture
def scene(db: None) -> Scene:
    """Return Acme and Bolt with a day of settled usage."""
    return scenes.build()


@pytest.fixture
def signed_in(db: None) -> Callable[..., Client]:
    """Return a function that gives a browser signed in as a role, a customer bound to an account."""

    def sign_in(role: str, account: Account | None = None) -> Client:
        client = Client()
        client.force_login(cast.staff(role, account))
        return client

    return sign_in
