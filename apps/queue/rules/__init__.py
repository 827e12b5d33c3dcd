"""Pure decisions of the queue: states, order, triage, check-in links. Values in, values out."""
