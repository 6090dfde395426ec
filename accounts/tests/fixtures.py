"""The cast as pytest fixtures. Import the ones a test module needs: `from accounts.tests.fixtures import *`."""

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User

from accounts.models import Account, Application, Upstream
from accounts.tests import cast
from privacy.models import Number

__all__ = ["Company", "acme", "auditor", "bolt", "corp", "customer", "finance", "operator", "support", "switch1"]


@dataclass(frozen=True)
class Company:
    """An account with one application that holds one number."""

    account: Account
    application: Application
    number: Number


def company(code: str, number: str) -> Company:
    """Return a new company of the cast."""
    account = cast.make_account(code)
    application = cast.make_application(account)
    return Company(account, application, cast.make_number(application, number))


@pytest.fixture
def acme(db: None) -> Company:
    """Acme, in good standing, with +8617100000001."""
    return company("acme", "+8617100000001")


@pytest.fixture
def bolt(db: None) -> Company:
    """Bolt, in arrears, with +8617100000002."""
    return company("bolt", "+8617100000002")


@pytest.fixture
def corp(db: None) -> Company:
    """Corp, a stranger to the other two, with +8617100000003."""
    return company("corp", "+8617100000003")


@pytest.fixture
def switch1(db: None) -> Upstream:
    """An upstream that serves every account."""
    return cast.make_upstream("switch1")


@pytest.fixture
def support(db: None) -> User:
    """A member of the support staff."""
    return cast.staff("support")


@pytest.fixture
def finance(db: None) -> User:
    """A member of finance."""
    return cast.staff("finance")


@pytest.fixture
def operator(db: None) -> User:
    """The operator."""
    return cast.staff("operator")


@pytest.fixture
def auditor(db: None) -> User:
    """An auditor."""
    return cast.staff("auditor")


@pytest.fixture
def customer(acme: Company) -> User:
    """A user of Acme's, bound to its account."""
    return cast.staff("customer", acme.account)
