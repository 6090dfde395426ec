"""Where a call or an SMS goes: rules that decide from facts alone (northbound.md 3-6, pushes.md 2, 4, 6). Pure."""
