"""What may be ordered of bindings, in the platform's own words: doors translate into these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from common.phone import mask_in_text


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who orders: the API (no name) or a person, with the request or the reason that history shows.

    A real number that a person wrote into the reason is masked: history keeps it in clear.
    """

    name: str = ""
    request_id: UUID | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.reason:
            object.__setattr__(self, "reason", mask_in_text(self.reason))


@dataclass(frozen=True, kw_only=True)
class BindOrder:
    """One new binding. Numbers are in their stored form; `x` "" lets the platform select.

    `terms` are values of fields of `privacy.models.bindings.Terms` other than the parties, the extension and
    `expires_at`; what is left out has the field's default. `seconds` is how long it holds, 0 = for ever.
    `loose` also takes an X of another city.
    """

    a: str
    b: str | None = None
    x: str = ""
    area_code: str = ""
    loose: bool = False
    extension: str = ""
    seconds: int = 0
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ModifyOrder:
    """Changes of one binding: None and absent terms leave as is. `seconds` restarts the timer, 0 = for ever."""

    a: str | None = None
    b: str | None = None
    seconds: int | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
