"""Shared reads of money."""
