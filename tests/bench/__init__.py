"""Measurements: always a ratio of two things in one run, never a bound on seconds. `make bench` runs them."""
