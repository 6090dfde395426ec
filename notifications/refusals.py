"""Why nothing was sent to an address, in words for the log of attempts: whoever set the URL can see what to change."""

from django.utils.translation import gettext_noop

from common import egress

NOT_ALLOWED = gettext_noop("The address is not allowed: nothing was sent.")
_REASONS = {
    egress.BAD_PORT: gettext_noop("The address is not allowed, nothing was sent: its port is not for web servers."),
    egress.THIS_MACHINE: gettext_noop("The address is not allowed, nothing was sent: it leads to Maskline's machine."),
    egress.THIS_PROGRAM: gettext_noop("The address is not allowed, nothing was sent: it leads to Maskline itself."),
    egress.PRIVATE_NETWORK: gettext_noop(
        "The address is not allowed, nothing was sent: its host is within a private network."
    ),
    egress.RESERVED: gettext_noop(
        "The address is not allowed, nothing was sent: its host has an address that no server on the internet has."
    ),
    egress.ODD_HOST: gettext_noop("The address is not allowed, nothing was sent: its host is written unusually."),
    egress.WITH_USER: gettext_noop("The address is not allowed, nothing was sent: it holds a user name or password."),
    egress.HTTP_ONLY: gettext_noop("The address is not allowed, nothing was sent: it is neither http nor https."),
}


def reason(wrong: egress.Forbidden) -> str:
    """Return why an address was refused, as a message id without the address."""
    return _REASONS.get(wrong.problem, NOT_ALLOWED)
