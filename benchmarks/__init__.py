"""Measurements of the program itself: `python -m benchmarks.probe_speed`, `python -m benchmarks.watch_load`."""
