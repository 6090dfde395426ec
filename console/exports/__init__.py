"""Exports people ask for: call and SMS detail, and the one form in which any export is ordered."""
