"""The first page: how things stand today, the last hours and days, and what needs a person."""
