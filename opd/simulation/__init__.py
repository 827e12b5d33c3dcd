"""A hospital's day without the hospital: planned from a seed, and played through the real commands."""
