"""Why a binding is refused: each door says it in its own way (northbound.md 9 for the API, words in the console)."""

from common.errors import MasklineError


class BindingRefused(MasklineError):
    """The order is understood and cannot be done. Nothing was changed."""


class NotYourNumber(BindingRefused):
    """The X named is not one of the application's numbers."""


class OwnNumber(BindingRefused):
    """A party ("a", "b", "callback_number" or "callee") is one of the platform's numbers: calls would go in circles."""

    def __init__(self, party: str = "a") -> None:
        super().__init__(party)
        self.party = party


class NumberFrozen(BindingRefused):
    """The X named is suspended, or frozen for new bindings."""


class NumberUnusable(BindingRefused):
    """The X named is blacklisted, unusable, moving or awaits its real name."""


class NumberTaken(BindingRefused):
    """The X named is bound to another A (AX, AXYB), or serves in another role."""


class NumberFull(BindingRefused):
    """The X named has no room left: 5,000 pairs, 1,000 relations of a Y, all extensions."""


class NoneLeft(BindingRefused):
    """No X can be selected: none in the area, or all that there are are bound, full or cooling down."""


class TooManyNumbers(BindingRefused):
    """A has five X already (AX, AXYB)."""


class PartyBound(BindingRefused):
    """A or B is already bound on that X, on either side."""


class ExtensionTaken(BindingRefused):
    """The extension asked for is occupied, or the X has none left."""


class NoSuchBinding(BindingRefused):
    """No binding of this application holds now under that id, number or pair."""
