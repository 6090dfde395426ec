"""The test application: a call or an SMS is played for a customer's developer, with real pushes and nothing else.

Such a call is a row of its own and rows of the outbox. It reaches no session, no call, no message, no usage, and so
neither ledger nor statistics; its X is a number that nobody holds. In X mode the customer's server is really asked.
"""

from privacy.testcalls.playing import play
from privacy.testcalls.queued import Queued, queued
from privacy.testcalls.wanted import NOBODYS, SCENARIOS, TEST_NUMBER, Scenario, Wanted, check, missing_urls

__all__ = [
    "NOBODYS",
    "SCENARIOS",
    "TEST_NUMBER",
    "Queued",
    "Scenario",
    "Wanted",
    "check",
    "missing_urls",
    "play",
    "queued",
]
