"""The northbound API: /rest, byte for byte the paths, parameters and codes of northbound.md."""
