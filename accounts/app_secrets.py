"""An application's secret, and the one before it: both are good for a while, so that a customer changes over without an
outage (reliability.md 1, rotation: 24 h, 0-7 d).

Until then requests signed with either are accepted, and pushes carry a `webhook-signature` of each; X-AKSK has room for
one digest and is of the new secret at once. There is one secret before: a second renewal ends the first one's term.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Application

USUAL_HOURS = 24
MOST_HOURS = 168


def valid(application: Application, now: datetime) -> list[str]:
    """Return the secrets that are good at `now`, the present one first."""
    secrets = [application.app_secret]
    until = application.previous_secret_until
    if application.previous_secret and until is not None and until > now:
        secrets.append(application.previous_secret)
    return secrets


def renew(application: Application, secret: str, *, hours: int, now: datetime) -> None:
    """Give an application a new secret; the present one stays good for some hours, 0 for none."""
    if not 0 <= hours <= MOST_HOURS:
        raise ValueError(f"{hours} hours are not 0 to {MOST_HOURS}")
    with transaction.atomic():
        present = Application.objects.select_for_update().get(pk=application.pk).app_secret
        application.app_secret = secret
        application.previous_secret = present if hours else None
        application.previous_secret_until = now + timedelta(hours=hours) if hours else None
        application.save(update_fields=["app_secret", "previous_secret", "previous_secret_until"])


def revoke_previous(application: Application) -> bool:
    """End the term of the secret before at once; return whether there was one."""
    ended = Application.objects.filter(pk=application.pk, previous_secret_until__isnull=False).update(
        previous_secret=None, previous_secret_until=None
    )
    application.previous_secret = application.previous_secret_until = None
    return bool(ended)


def forget_past(now: datetime) -> int:
    """Erase secrets whose term is over; return how many. They are refused on time without it."""
    past = Application.objects.filter(previous_secret_until__lte=now)
    return past.update(previous_secret=None, previous_secret_until=None)
