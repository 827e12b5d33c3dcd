"""When somebody's turn comes (`eta.md` 5.1): pure values in, pure values out. Times are minutes.

`learned` what is remembered of a doctor and of all doctors · `laws` what a prediction needs of one session,
`weighing` how it follows from experience · `today` one queue as it stands · `freeing` when its doctor is free ·
`predicting` the closed form · `turns` its answer · `calibrating` how far windows are stretched · `session` a queue that
lives through its events · `simple` times long before the day.
"""

from apps.eta.rules.simple import P80, P90, Booked, Expected, turn_after, waits_of

__all__ = ["P80", "P90", "Booked", "Expected", "turn_after", "waits_of"]
