"""How often somebody may ask: the table in `rules`, the counts in `counting`, the gate in `middleware`."""
