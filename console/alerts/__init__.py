"""Alerts: what is wrong and what was, who looks after it, and who is told."""
