"""The benchmarks of bin/bench: each path against its reference in the same run (docs/bench.md)."""
