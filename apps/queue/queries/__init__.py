"""Shared reads of the queue."""
