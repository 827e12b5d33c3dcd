"""The whole hospital as `make run` starts it, and what it survives."""
