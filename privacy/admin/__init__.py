"""The admin pages of `privacy`. Each module registers its own."""

from privacy.admin import bindings, numbers, records, voices

__all__ = ["bindings", "numbers", "records", "voices"]
