"""What ending a call is ordered with (northbound.md 8)."""

from privacy.wire.northbound.fields import Choice, Text
from privacy.wire.northbound.forms import Form

CALL_STOP = "call_stop"
LONGEST = 256


class StopOrderForm(Form):
    """Which call, and the one thing that can be done to it."""

    sessionid = Text(LONGEST, required=True, source="session_id", help_text="sessionId of its events.")
    signal = Choice({CALL_STOP: CALL_STOP}, required=True, help_text='Always "call_stop".')
