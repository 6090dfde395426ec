"""The envelope of every answer on the wire (northbound.md 2)."""

from typing import Any

SUCCESS = "0"


def result(code: str = SUCCESS, description: str = "Success", **extra: Any) -> dict[str, Any]:
    """Return the body of an answer: resultcode and resultdesc, both text, and what else the answer holds."""
    return {"resultcode": code, "resultdesc": description, **extra}
