"""What a person searches for. It never stands in a URL in clear: a list carries it sealed, for its finder only."""

import base64
import binascii
from dataclasses import dataclass

import orjson
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from common.errors import MasklineError
from common.keyring import keyring


@dataclass(frozen=True)
class Term:
    """A search: which kind of text, and the text as typed."""

    kind: str
    text: str


def seal(term: Term, user: AbstractBaseUser | AnonymousUser) -> str:
    """Return an opaque token for the query string; it opens only for the same user."""
    body = orjson.dumps([user.pk, term.kind, term.text])
    return base64.urlsafe_b64encode(keyring().seal_body(body)).decode().rstrip("=")


def unseal(token: str, user: AbstractBaseUser | AnonymousUser) -> Term | None:
    """Return the search in a token, or None for no token, a damaged one, or someone else's."""
    if not token:
        return None
    try:
        body = keyring().open_body(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        owner, kind, text = orjson.loads(body)
    except (MasklineError, ValueError, binascii.Error, IndexError):
        return None
    return Term(str(kind), str(text)) if owner == user.pk else None
