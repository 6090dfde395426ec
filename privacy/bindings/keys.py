"""The keys of ways into a binding: keyed hashes of who calls, of the extension dialled, of "anyone" (design.md 2.1)."""

from functools import lru_cache

from accounts.lookup import Hasher, hasher


def caller(number: str) -> bytes:
    """Return the key of a caller: of A and B in routes, loads and cool-downs."""
    return hasher()(f"caller:{number}")


def anyone() -> bytes:
    """Return the key of whoever calls."""
    return hasher()("anyone")


def extension(dialled: str) -> bytes:
    """Return the key of an extension."""
    return hasher()(f"extension:{dialled}")


def extensions(digits: int) -> tuple[tuple[bytes, str], ...]:
    """Return every extension of that many digits with its key: never all zeros (northbound.md 5.1)."""
    return _extensions(digits, hasher())


@lru_cache(maxsize=8)
def _extensions(digits: int, hashed: Hasher) -> tuple[tuple[bytes, str], ...]:
    texts = (f"{n:0{digits}}" for n in range(1, 10**digits))
    return tuple((hashed(f"extension:{text}"), text) for text in texts)
