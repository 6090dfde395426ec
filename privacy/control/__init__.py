"""Risk control: calls that would reach somebody are held back by an application's rules (pushes.md 6.1).

Blacklists (7005, 7004), calling hours (8050) and frequencies (8047 to 8049). The decisions that are kept are the truth;
Redis only saves reading them. docs/risk.md says how.
"""

from privacy.control.checking import check, member_of, take_back, would

__all__ = ["check", "member_of", "take_back", "would"]
