"""Sending pushes again in the console: what, how many that are, why; then how far it is."""
