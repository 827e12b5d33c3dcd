"""What holds for consultations, whoever asks."""

LONGEST_PRESCRIPTION = 20_000
"""Characters."""
