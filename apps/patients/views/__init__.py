"""The registry's pages at the desk, and patients' own way in."""
