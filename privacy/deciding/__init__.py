"""Where a call or an SMS goes, asked of the database: look-up, the pure rules of privacy.routing, and the book."""

from privacy.deciding.calls import call
from privacy.deciding.messages import message

__all__ = ["call", "message"]
