"""The switch's doors (docs/switch-api.md): what it asks, takes and delivers. Signed and read as /upstream is."""
