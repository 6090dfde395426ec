"""The admin pages of `billing`."""

from billing.admin import booked, prices

__all__ = ["booked", "prices"]
