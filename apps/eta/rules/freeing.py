"""How fast today goes, and when the doctor is free for the next person."""

from apps.eta.rules.laws import Laws
from apps.eta.rules.shapes import NOTHING, Length, plus, rest_of
from apps.eta.rules.today import Doctor, Today


def pace_today(today: Today, laws: Laws) -> tuple[float, float]:
    """How far today's pace is from the expected, in logarithms, and the variance of that."""
    variance = 1 / (1 / laws.tau2 + today.pace_n / laws.sigma2)
    return variance * today.pace_sum / laws.sigma2, variance


def free_in(today: Today, laws: Laws, now: float) -> Length:
    """Minutes from now until the doctor is free."""
    elapsed = now - today.since
    if today.doctor is Doctor.INSIDE:
        pace, pace_var = pace_today(today, laws)
        mu = laws.mu_of(today.inside) + pace + laws.drift_at(today.since)
        return plus(rest_of(mu, laws.sigma2 + pace_var, elapsed), laws.pause)
    if today.doctor is Doctor.FREE:
        return NOTHING
    if today.declared is not None:
        left = max(today.declared - now, 1.0)
        return Length(left, max(0.4 * left, 2.0) ** 2)
    if today.doctor is Doctor.EXPECTED:
        return rest_of(laws.late_mu, laws.late_var, now + laws.late_shift)
    if today.doctor is Doctor.BREAK:
        return rest_of(laws.break_mu, laws.break_var, elapsed)
    _, mu, var = laws.pauses.get(today.doctor) or next(iter(laws.pauses.values()))
    return rest_of(mu, var, elapsed)
