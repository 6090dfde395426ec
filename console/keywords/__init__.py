"""Keywords: what an account's SMS must hold and must not; words added, ended, and tried on a text."""
