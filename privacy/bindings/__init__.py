"""Bindings: made, modified, ended, found. Rules are held by the database (docs/decisions.md)."""
