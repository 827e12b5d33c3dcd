"""The demo hospital: Asha District Hospital with its people, loaded through the real commands."""
