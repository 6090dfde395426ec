"""Risk control's pages: the switch, rules and blacklist of an application, the calls they stopped, near misses."""
