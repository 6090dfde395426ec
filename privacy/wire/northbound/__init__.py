"""The parameters and answers of the northbound API, in the vendor's names (northbound.md 3-8)."""
