"""Periodic work of accounts (config/celery.py holds the timetable)."""

from datetime import UTC, datetime

from celery import shared_task

from accounts import app_secrets, lockout, nonces


@shared_task
def forget_old_headers() -> int:
    """Remove remembered headers and lock-outs whose time is over; return how many. A second run finds none."""
    now = datetime.now(UTC)
    return nonces.forget_old(now) + lockout.forget_old(now)


@shared_task
def forget_past_secrets() -> int:
    """Erase the secrets before whose term is over; return how many."""
    return app_secrets.forget_past(datetime.now(UTC))
