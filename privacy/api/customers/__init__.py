"""The doors at /api/v1 for customers' developers: what the vendor's API has not. Signed like the northbound API."""
