"""What an attacker types, and whether it ever runs."""
