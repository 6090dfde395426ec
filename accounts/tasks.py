"""Periodic work of accounts (config/celery.py holds the timetable)."""

from datetime import UTC, datetime

from celery import shared_task

from accounts import lockout, nonces


@shared_task
def forget_old_headers() -> int:
    """Remove remembered headers and lock-outs whose time is over; return how many. A second run finds none."""
    now = datetime.now(UTC)
    return nonces.forget_old(now) + lockout.forget_old(now)
