"""What the recording download address is asked by (northbound.md 7)."""

from privacy.wire.northbound.fields import Text
from privacy.wire.northbound.forms import Form

LONGEST = 128


class RecordingQuery(Form):
    """The two names of a recording's file, as its CDR gave them."""

    fileName = Text(LONGEST, required=True, source="name", help_text="recordObjectName of the CDR.")
    recordDomain = Text(LONGEST, required=True, source="domain", help_text="recordDomain of the CDR.")
