"""The queue's endpoints."""
