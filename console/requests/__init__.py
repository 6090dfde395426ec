"""Requests to the northbound API, refused ones too: found, explained in plain words, read."""
