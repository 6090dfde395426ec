"""Model fields whose values are encrypted in the database.

A database dump alone gives no number, body or secret away. `SealedTextField` can be searched
for equality; `SealedBodyField` cannot be searched at all.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core import checks
from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.lookups import Exact, In, IsNull

from common.errors import BadInput
from common.keyring import keyring

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)


def seal_text(plain: str) -> bytes:
    """Return the bytes a SealedTextField stores for `plain`, for writers that use COPY."""
    return keyring().seal(plain.encode())


def open_text(sealed: bytes | memoryview) -> str:
    """Return the text behind bytes read from a SealedTextField by raw SQL. Raises WrongKey."""
    return keyring().open(bytes(sealed)).decode()


class SealedExact(Exact):
    """Equality that probes the column under every live key."""

    def get_prep_lookup(self) -> Any:
        if self.rhs is None or _is_expression(self.rhs):
            return super().get_prep_lookup()  # Django turns None into IS NULL
        return self.lhs.output_field.seals(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        if not isinstance(self.rhs, list):
            return super().as_sql(compiler, connection)
        if not self.rhs:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        marks = ", ".join(["%s"] * len(self.rhs))
        return f"{column} IN ({marks})", (*params, *self.rhs)


class SealedIn(In):
    """Membership that probes the column under every live key."""

    def get_prep_lookup(self) -> Any:
        if _is_expression(self.rhs):
            return super().get_prep_lookup()
        field = self.lhs.output_field
        probes: list[Any] = []
        for value in self.rhs:
            probes.extend([value] if _is_expression(value) else field.seals(value))
        return probes


LOOKUPS: dict[str, type[Any]] = {"exact": SealedExact, "in": SealedIn, "isnull": IsNull}


class SealedTextField(models.CharField[_ST, _GT]):
    """Text that is stored sealed (deterministic AES-SIV in a bytea column).

    Lookups: exact, in, isnull; anything else raises FieldError, for it would compare
    ciphertext. Comparing two columns (`F()`) holds only while both are under one key. What
    must be unique across keys needs a column with `keyring().lookup_hash` beside it.
    `max_length` counts the characters of the plain text. A subclass of CharField, because
    the admin's exact search casts every other type to varchar.
    """

    _pyi_private_set_type: str
    _pyi_private_get_type: str
    _pyi_lookup_exact_type: str | None

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_prep_value(self, value: Any) -> Any:
        """Return the sealed bytes of a text; bytes are taken as sealed already."""
        if value is None or isinstance(value, bytes) or _is_expression(value):
            return value
        return seal_text(self.plain(value))

    def seals(self, value: Any) -> list[bytes | None]:
        """Return every stored form of a search value, one per live key; none if it could not be stored."""
        if value is None or isinstance(value, bytes):
            return [value]
        try:
            return [*keyring().seals(self.plain(value).encode())]
        except BadInput:
            return []

    def plain(self, value: Any) -> str:
        """Return the text to seal for a value given by a caller. Raises BadInput when too long."""
        text = str(value)
        if self.max_length is not None and len(text) > self.max_length:
            raise BadInput(self.name, f"longer than {self.max_length} characters")
        return text

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else open_text(value)

    def get_lookup(self, lookup_name: str) -> type[Any] | None:
        return LOOKUPS.get(lookup_name)

    def get_transform(self, lookup_name: str) -> None:
        return None

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_ordering()]

    def _check_ordering(self) -> Iterable[checks.CheckMessage]:
        names = {str(name).lstrip("-+") for name in self.model._meta.ordering or ()}
        if self.name in names:
            yield checks.Error(
                f"{self.model.__name__} is ordered by the sealed field {self.name}.",
                hint="The order of ciphertext means nothing; order by another column.",
                obj=self,
                id="maskline.E092",
            )


class SealedBodyField(models.BinaryField[_ST, _GT]):
    """Bytes that are stored sealed, different each time (AES-GCM-SIV). Lookups: isnull only."""

    _pyi_private_set_type: bytes | bytearray | memoryview
    _pyi_private_get_type: bytes

    def get_prep_value(self, value: Any) -> Any:
        if value is None or _is_expression(value):
            return value
        return keyring().seal_body(bytes(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else keyring().open_body(bytes(value))

    def get_lookup(self, lookup_name: str) -> type[Any] | None:
        return IsNull if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None


def _is_expression(value: Any) -> bool:
    return hasattr(value, "resolve_expression")
