"""The admin pages of `accounts`."""

from accounts.admin import customers, people

__all__ = ["customers", "people"]
