"""Bindings in the browser: found, read, made and ended, with a reason."""
