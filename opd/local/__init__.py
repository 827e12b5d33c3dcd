"""What makes `make run` and `make test` work on one machine: servers, processes, checks. Never used in production."""
