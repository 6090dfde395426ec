"""What a decision is made from, and what it is. Pure: texts, numbers and times; nothing that reads or writes.

Numbers are E.164 with "+" where they can be; what is none (10086, anonymous) is as it was sent.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

Way = Literal["A", "B", "extension", "anyone"]


class Outcome(StrEnum):
    """What the switch is to do."""

    CONNECT = "connect"
    COLLECT = "collect"  # digits, then ask again
    PLAY = "play"  # and hang up
    REFUSE = "refuse"
    ASK = "ask"  # the customer's server decides: never told to the switch
    FORWARD = "forward"  # an SMS
    DISCARD = "discard"  # an SMS


@dataclass(frozen=True, slots=True)
class CallAsked:
    """A call at X. `digits`: None = nothing was collected yet, "" = the caller entered nothing."""

    session_id: str
    x: str
    caller: str
    digits: str | None = None


@dataclass(frozen=True, slots=True)
class MessageAsked:
    """An SMS at X."""

    sms_id: str
    x: str
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """X: whose it is now, and in which state."""

    id: int
    number: str
    state: str
    cause: str
    sms: bool
    area_code: str


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """Who holds X. `account_state` is Account.State; a frozen account is one in arrears."""

    id: int
    account_id: int
    app_key: str
    mode: str
    active: bool
    account_state: str
    time_zone: str
    recording: bool
    sms: bool
    keep_sms_content: bool
    extension_digits: int
    cool_down_hours: int
    no_permission_voice: str
    abnormal_voice: str
    risk_control: bool
    # Whether there is a URL to ask; the URL itself is read where it is asked.
    asks_calls: bool
    asks_messages: bool


@dataclass(frozen=True, slots=True)
class BindingFacts:
    """A binding as it was told (privacy.models.Terms), with its kind; of a YB `number` is Y and `parent_id` its AX."""

    id: UUID
    kind: str
    number: str
    a_number: str
    b_number: str
    extension: str
    parent_id: UUID | None
    call_direction: int
    max_minutes: int
    last_minute_voice: str
    record: bool
    record_voice: str
    sms: bool
    display: str
    power: bool
    caller_voice: str
    callee_voice: str
    callback_voice: str
    callback_number: str
    callback_minutes: int | None
    user_data: str | None
    # The id the customer knows it by: an upstream's own, else `id`.
    subscription_id: str = ""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """All that decides a call. None where there is none.

    `way`: by which route the caller reached `binding`. `temporary_callee`: of an AX whose A calls (callee, user data).
    `last_caller`: whom A of an AXE is put through to. `yb`: of an AXYB whose X is dialled, the caller's own YB.
    `parent`: of a YB, its AX. `binds_extension`: whether any extension is bound on X. `ended`: the ended binding that a
    former caller meant, within its cool-down. `own_y`: the caller is B of a YB on the number dialled.
    """

    at: datetime
    number: NumberFacts | None
    application: ApplicationFacts | None
    way: Way | None = None
    binding: BindingFacts | None = None
    parent: BindingFacts | None = None
    yb: BindingFacts | None = None
    temporary_callee: tuple[str, str | None] | None = None
    last_caller: str = ""
    binds_extension: bool = False
    own_y: bool = False
    ended: BindingFacts | None = None


@dataclass(frozen=True, slots=True)
class CallDecision:
    """Where a call goes. `code` is the stateCode of pushes.md 6.1 (0: none); `rule` names the rule that decided.

    `direction` is the CDR's (0 others to A, 1 A calls, 2 abnormal). `allocates_y`: a Y is to be bound for this caller
    before the answer, and its number is what is displayed. `app_key` and `mode` are of X's holder, "" when nobody
    holds it: the switch names the one in its CDR and takes its service type from the other.
    """

    outcome: Outcome
    rule: str
    code: int = 0
    binding_id: UUID | None = None
    ended_binding_id: UUID | None = None
    callee: str = ""
    display: str = ""
    max_minutes: int = 0
    last_minute_voice: str = ""
    record: bool = False
    record_voice: str = ""
    waiting_voice: str = ""
    voice: str = ""
    digits: int = 0
    extension: str = ""
    user_data: str | None = None
    direction: int = 2
    allocates_y: bool = False
    # The id the customer knows the binding by.
    subscription_id: str = ""
    app_key: str = ""
    mode: str = ""
    # Whom a call that risk control stopped would have reached: kept with the decision, never told to the switch.
    stopped_callee: str = ""


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """All that decides an SMS: as of a call, and the words the account's texts must hold one of, or none of."""

    at: datetime
    number: NumberFacts | None
    application: ApplicationFacts | None
    way: Way | None = None
    binding: BindingFacts | None = None
    required_words: tuple[str, ...] = field(default=())
    forbidden_words: tuple[str, ...] = field(default=())
    ended: BindingFacts | None = None
    # Of the numbers the text names as receiver, those that are the platform's own: an SMS would go in circles.
    own_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageDecision:
    """Where an SMS goes. `code` is the sendResult of pushes.md 4.2.1; `text` is as forwarded, `parts` are its own.

    `direction` is that of extParas: "1" regular, "2" abnormal. `app_key` is that of X's holder, "" of nobody's.
    """

    outcome: Outcome
    rule: str
    code: int = 0
    binding_id: UUID | None = None
    receiver: str = ""
    text: str = ""
    parts: int = 1
    direction: str = "1"
    user_data: str | None = None
    app_key: str = ""
    # The id the customer knows the binding by.
    subscription_id: str = ""
    ended_binding_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """What risk control says against a call: the rule, and the stateCode (7004, 7005, 8047-8050)."""

    rule: str
    code: int
    rule_id: int
    reopens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallReply:
    """What a customer's server said of a call (pushes.md 2.1), or why nothing usable came.

    `problem`: "" for a good reply; "silent" (no answer in time, not reachable, not 200, over the cap, breaker),
    "unreadable" (no body of 2.1), "callee" (a number that is none), "user_data" (forbidden characters).
    """

    operation: str = ""
    problem: str = ""
    callee: str = ""
    display: str = ""
    max_minutes: int = 0
    last_minute_voice: str = ""
    waiting_voice: str = ""
    record: bool = False
    record_voice: str = ""
    closing_voice: str = ""
    user_data: str | None = None
    # Named voice files that are missing or not approved.
    missing_voices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageReply:
    """What a customer's server said of an SMS (pushes.md 4.3); `problem` as of a call, "sender" where it differs."""

    operation: str = ""
    problem: str = ""
    receiver: str = ""
    user_data: str | None = None
