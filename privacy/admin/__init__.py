"""The admin pages of `privacy`. Each module registers its own."""

from privacy.admin import numbers, records, voices

__all__ = ["numbers", "records", "voices"]
