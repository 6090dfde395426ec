"""What each operation does, and the codes it refuses with beside those of every request (northbound.md 3-6, 9)."""

from privacy.api.northbound.codes import TEXTS

_NO_X = ("1010029", "1012102")
# Operation: what a developer has to know, and its codes.
OPERATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ax.bind": (
        "X represents A: whoever calls X reaches A. Name X in privateNum, or let the platform select one in areaCode. "
        "One X has one A, one A at most five X. It holds until it is unbound.",
        ("1010002", *_NO_X, "1011001", "1011002", "1011003", "1011005", "1016002"),
    ),
    "ax.unbind": ("By subscriptionId, or by privateNum with or without origNum.", ("1010002", "1011004")),
    "ax.modify": (
        "By subscriptionId or privateNum. What is absent stays as it is; an empty text clears a voice file.",
        ("1010002", "1011003", "1016001"),
    ),
    "ax.query": ("By subscriptionId, else origNum, else privateNum.", ("1010002", "1016001")),
    "ax.callee": (
        "A calls X and reaches calleeNum, for 60 seconds or as long as duration says. It takes the place of the one "
        "before. Set it before each call.",
        ("1010002", "1016001"),
    ),
    "axb.bind": (
        "A and B reach one another by calling X. Each of them can be on one X only once, as A or as B; an X takes "
        "5,000 pairs. Name X in relationNum, or let the platform select one in areaCode or in the city of A.",
        ("1010002", *_NO_X, "1012001", "1012008", "1012010"),
    ),
    "axb.unbind": (
        "By subscriptionId; or by relationNum, which ends everything on that X.",
        ("1010002", "1012001"),
    ),
    "axb.modify": (
        "What is absent stays as it is; an empty text clears a voice file; duration starts the timer again. X cannot "
        "be changed.",
        ("1010002", "1012007", "1012010"),
    ),
    "axb.query": (
        "By subscriptionId, or by relationNum, narrowed by callerNum and calleeNum. Nothing found is 1012007, not an "
        "empty list.",
        ("1010002", "1012007"),
    ),
    "axe.bind": (
        "Who calls X and dials the extension reaches A. Name X in virtualNum, or let the platform select one in "
        "areaCode; extendNum asks for an extension. It holds for 168 hours unless bindExpiredTime says otherwise.",
        ("1010002", *_NO_X, "1012001", "1012008", "1013102", "1020167"),
    ),
    "axe.unbind": ("By subscriptionId, or by virtualNum and extendNum.", ("1010002", "1012001")),
    "axe.modify": (
        "By subscriptionId, or by virtualNum and extendNum. What is absent stays as it is; an empty text clears; of "
        "callbackNum and callbackTone the number wins; bindExpiredTime starts the timer again.",
        ("1010002", "1012007", "1013102"),
    ),
    "axe.query": (
        "By subscriptionId, or by virtualNum and extendNum. timeUnit and bindExpiredTime are those of the bind, also "
        "after a modify.",
        ("1010002", "1012007"),
    ),
    "axyb.bind": (
        "Without subscriptionId: X represents A, for 7,200 seconds unless duration says otherwise; one A has at most "
        "five X. With the subscriptionId of such a binding: B is bound to it by a Y, which A calls to reach B. "
        "relationNumber of the answer is X, or Y.",
        ("1010002", "1011003", "1012008", "1012010", "1016001"),
    ),
    "axyb.unbind": ("Ends AX with all its YB, or with yNum or bNum only that YB.", ("1010002", "1016001")),
    "axyb.query": (
        "By subscriptionId, or by X in relationNum. One element for each YB, the latest five; AX alone while it has "
        "none.",
        ("1010002", "1016001"),
    ),
}


def description(name: str) -> str:
    """Return what the OpenAPI file says of an operation."""
    told, refusals = OPERATIONS[name]
    listed = "\n".join(f"- `{code}` {TEXTS[code][1]}" for code in refusals)
    return f"{told}\n\nRefused with 403, beside what any request can be refused with:\n\n{listed}"
