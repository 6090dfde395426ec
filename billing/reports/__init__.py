"""The charge reports (billing.md 9): what they hold, how they are streamed, written and proved."""
