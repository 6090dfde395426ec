"""Which log lines are worth an operator's attention."""

import logging


class Surprising(logging.Filter):
    """Drops the 503 of /readyz: whoever asks sees it, and a start asks several times before the answer is yes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for an answer of /readyz."""
        return getattr(getattr(record, "request", None), "path", "") != "/readyz"
