"""The life of the numbers we own: ordered, issued, moved, suspended, returned (pushes.md 5, 8; billing.md 6, 7).

Every step takes one number or thousands: all of them, or none and `BadRows` with what is wrong with each line. It is
one transaction, a second time it changes nothing, and each number keeps who did it, when and why (`NumberChange`).
"""

from privacy.numbers.features import blacklist, reserve, set_sms
from privacy.numbers.issuing import Issue, issue
from privacy.numbers.leaving import unsubscribe
from privacy.numbers.ordering import OrderRow, cancel, order
from privacy.numbers.rows import BadRows, Done, NumberRow, RowProblem
from privacy.numbers.states import close_reason, resume, set_reason, suspend
from privacy.numbers.transferring import Move, agree, ask, ending, refuse, transfer

__all__ = [
    "BadRows",
    "Done",
    "Issue",
    "Move",
    "NumberRow",
    "OrderRow",
    "RowProblem",
    "agree",
    "ask",
    "blacklist",
    "cancel",
    "close_reason",
    "ending",
    "issue",
    "order",
    "refuse",
    "reserve",
    "resume",
    "set_reason",
    "set_sms",
    "suspend",
    "transfer",
    "unsubscribe",
]
