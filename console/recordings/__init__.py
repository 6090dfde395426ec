"""Recordings in the console: what became of each, in words, and listening to it."""
