"""Where a balance stands (billing.md 7). The account's state changes in the transaction that moved the balance."""

from datetime import datetime
from decimal import Decimal

from accounts import standing
from accounts.models import Account


def state_of(balance: Decimal, *, credit_limit: Decimal, low_balance: Decimal) -> Account.State:
    """Return arrears below minus the credit limit, else low below the threshold, else good (SQL: `settle_balances`)."""
    if balance < -credit_limit:
        return Account.State.ARREARS
    return Account.State.LOW if balance < low_balance else Account.State.GOOD


def follow(account: Account, balance: Decimal, now: datetime) -> Account.State:
    """Write the state that a new balance gives, if it is another; return it. Call it under the account's shard lock."""
    limits = Account.objects.values("credit_limit", "low_balance").get(pk=account.pk)
    state = state_of(balance, **limits)
    standing.set_state(account, state, user=None, now=now)
    return state
