"""The admin pages of `privacy`. Each module registers its own."""

from privacy.admin import numbers, records

__all__ = ["numbers", "records"]
