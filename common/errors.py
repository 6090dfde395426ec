"""The errors the product expects, and whether trying again helps.

Whatever is not one of these is a fault in the program and is re-raised.
"""

from typing import ClassVar


class MasklineError(Exception):
    """Any expected failure. `retry` says whether the same call may succeed later."""

    retry: ClassVar[bool] = False


class BadInput(MasklineError):
    """A value from outside cannot be used: which field, what is wrong with it, what to do."""

    def __init__(self, field: str, problem: str, cure: str = "") -> None:
        super().__init__(field, problem, cure)
        self.field = field
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        text = f"{self.field}: {self.problem}"
        return f"{text}; {self.cure}" if self.cure else text


class Conflict(MasklineError):
    """What is asked for contradicts what is already stored."""


class NotReady(MasklineError):
    """Something needed is not there yet; trying again later helps."""

    retry: ClassVar[bool] = True


class WrongKey(MasklineError):
    """A sealed value cannot be opened with any of the keys in MASKLINE_DATA_KEY."""
