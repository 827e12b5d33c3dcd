"""What to expect of one session: a doctor's own experience weighed against everybody's, and both against the usual.

Before any data it is the configured average with the spread that consultations usually have (`eta.md` 5.1).
"""

from math import exp, log, pi

from apps.eta.rules.laws import Laws, Session
from apps.eta.rules.learned import (
    BIN,
    BINS,
    EARLIEST,
    FIRST_HALF_HOUR,
    HALF_HOUR,
    HALF_HOURS,
    SHIFTS,
    Learned,
    Tally,
)
from apps.eta.rules.shapes import NOTHING, Length, below, log_normal, mixed

SIGMA2 = 0.25
"""Variance of the logarithm of a consultation's length within a session, before any data."""

TAU2 = 0.01
"""Variance of the logarithm of a whole session's pace, before any data."""

NEW_DOCTOR = 5.0
"""Consultations (or sessions) that everybody's experience counts as, for one doctor."""

USUAL_PAUSE = (0.03, 2.0, 0.5)
"""How often a consultation is followed by an unplanned absence; mean and variance of the logarithm of its minutes."""


def laws_for(session: Session, doctor: Learned, pool: Learned) -> Laws:
    """What to expect of one doctor in one session."""
    sigma2 = _own(doctor.within, pool.within, SIGMA2, 60.0)
    tau2 = min(max(_own(doctor.between, pool.between, TAU2, 150.0), 0.002), 0.3)
    mu, other = _paces(session, doctor, pool, sigma2)
    longer, drift = _slopes(session, doctor, pool, sigma2)
    smear = _smears(doctor, pool, sigma2)
    shift, late_mu, late_var = _lateness(doctor, pool)
    laws = Laws(
        session=session,
        mu={kind: value + longer for kind, value in mu.items()},
        other_mu=other + longer,
        sigma2=sigma2,
        tau2=tau2,
        mean_factor=smear[0],
        second_factor=smear[1],
        third_factor=smear[2],
        longer=longer,
        drift=drift,
        gap=_gap(doctor, pool),
        walk=Length(_own(doctor.walk, pool.walk, 0.0, 1.0), _shared_var(doctor.walk, pool.walk, 0.0, 1.0)),
        pauses=_pauses(doctor, pool),
        pause=NOTHING,
        break_mu=log(max(session.break_length, 1.0)) + _own(doctor.breaks, pool.breaks, 0.0, 8.0),
        break_var=_shared_var(doctor.breaks, pool.breaks, 0.06, 8.0),
        late_shift=shift,
        late_mu=late_mu,
        late_var=late_var,
        walk_ins=_running(doctor, pool, "walk_ins", [0.0] * HALF_HOURS),
        emergencies=_running(doctor, pool, "emergencies", _few(session)),
        walk_in=NOTHING,
        emergency=NOTHING,
        penalty=_own(doctor.penalty, pool.penalty, 0.0, 1.0),
        head_start=_own(doctor.head_start, pool.head_start, 0.0, 1.0),
        hurried=_hurried(doctor, pool),
        left=(pool.left[0] + 2.0) / (pool.left[1] + 2.0),
        returns=pool.returned.mean(0.3, 10.0),
        return_delay=max(pool.return_delay.mean(15.0, 10.0), 1.0),
        odds=(pool.odds[0], pool.odds[1]),
    )
    parts = [(share, log_normal(m, v)) for share, m, v in laws.pauses.values()]
    laws.pause = mixed(parts) if parts else NOTHING
    laws.walk_in = _newcomer(laws, pool.walk_in_types)
    laws.emergency = _newcomer(laws, pool.emergency_types)
    _arrivals(laws, pool)
    return laws


def _own(doctor: Tally, pool: Tally, prior: float, weight: float) -> float:
    """A doctor's mean, shrunk to everybody's, shrunk to what is usual."""
    return doctor.mean(pool.mean(prior, weight), weight)


def _shared_var(doctor: Tally, pool: Tally, prior: float, weight: float) -> float:
    return doctor.var(pool.var(prior, weight), weight)


def _paces(session: Session, doctor: Learned, pool: Learned, sigma2: float) -> tuple[dict[str, float], float]:
    """By type: type's own mean of all doctors, plus the doctor's distance from it, plus the doctor's with that type."""
    configured = log(max(session.average, 0.5))
    n = sum(tally.n for tally in pool.pace.values())
    overall = (sum(tally.total for tally in pool.pace.values()) - NEW_DOCTOR * sigma2 / 2) / (n + NEW_DOCTOR)
    types = {kind: tally.mean(overall, NEW_DOCTOR) for kind, tally in pool.pace.items()}
    own_n = sum(tally.n for tally in doctor.pace.values())
    apart = sum(tally.total - tally.n * types.get(kind, overall) for kind, tally in doctor.pace.items())
    offset = apart / (own_n + NEW_DOCTOR)
    mu = {}
    for kind, usual in types.items():
        tally = doctor.pace.get(kind, Tally())
        mu[kind] = configured + usual + offset + (tally.total - tally.n * (usual + offset)) / (tally.n + 30.0)
    return mu, configured + overall + offset


def _slopes(session: Session, doctor: Learned, pool: Learned, sigma2: float) -> tuple[float, float]:
    """What this session's list length adds to the logarithm of every consultation, and the change over a session.

    Ridge regression with prior standard deviations of 0.1 per ten people, and 0.1 over a session.
    """
    xx, xp, pp, xy, py = pool.slopes
    ridge = sigma2 / 0.1**2
    xx, pp = xx + ridge, pp + ridge
    det = xx * pp - xp * xp
    by_length, by_progress = (xy * pp - py * xp) / det, (py * xx - xy * xp) / det
    return by_length * longer_than_usual(session, doctor, pool), by_progress


def longer_than_usual(session: Session, doctor: Learned, pool: Learned) -> float:
    """By how many tens of people this list is longer than the doctor's lists usually are."""
    usual = doctor.booked.mean(pool.booked.mean(session.booked, 0.1), 2.0)
    return (session.booked - usual) / 10


def _smears(doctor: Learned, pool: Learned, sigma2: float) -> tuple[float, float, float]:
    """Means of the first three powers of a consultation over its middle: as they were (Duan's smearing), leaning to
    what a log-normal law says."""
    weight, *sums = (a + b for a, b in zip(doctor.smear, pool.smear, strict=True))
    priors = (exp(n * n * sigma2 / 2) for n in (1, 2, 3))
    leaning = (40.0, 80.0, 160.0)
    first, second, third = (
        (total + lean * prior) / (weight + lean) for total, prior, lean in zip(sums, priors, leaning, strict=True)
    )
    return first, max(second, first * first * 1.01), third


def _gap(doctor: Learned, pool: Learned) -> Length:
    mean = max(_own(doctor.gap, pool.gap, 0.5, 10.0), 0.01)
    var = _shared_var(doctor.gap, pool.gap, 0.1, 10.0)
    return Length(mean, var)


def _pauses(doctor: Learned, pool: Learned) -> dict[str, tuple[float, float, float]]:
    usual, usual_mu, usual_var = USUAL_PAUSE
    found = {}
    for kind in pool.pauses or {"away": Tally()}:
        own, all_ = doctor.pauses.get(kind, Tally()), pool.pauses.get(kind, Tally())
        prior = (all_.n + usual * 40.0) / (pool.ends + 40.0)
        often = (own.n + prior * 100.0) / (doctor.ends + 100.0)
        mu = _own(own, all_, usual_mu, 5.0)
        found[kind] = (often, mu, _shared_var(own, all_, usual_var, 8.0))
    return found


def _lateness(doctor: Learned, pool: Learned) -> tuple[float, float, float]:
    """Shift, mean and variance of the logarithm of a doctor's arrival: the shift that fits everybody best."""
    best, chosen = -1e18, (20.0, log(25.0), 0.05)
    for name, shift in SHIFTS.items():
        prior_mu, prior_var = log(5.0 + shift), min(0.6, (8.0 / (5.0 + shift)) ** 2)
        all_, own = pool.late.get(name, Tally()), doctor.late.get(name, Tally())
        var = own.var(all_.var(prior_var, 4.0), 4.0)
        mu = _own(own, all_, prior_mu, 2.0)
        n = all_.n + 1e-9
        spread = all_.var(prior_var, 2.0)
        fit = -0.5 * n * log(2 * pi * spread) - 0.5 * n - all_.total
        if (all_.n and fit > best) or (not all_.n and name == "5"):
            best, chosen = fit, (shift, mu, var)
    return chosen


def _hurried(doctor: Learned, pool: Learned) -> float:
    """The share of walk-ins with a head start."""
    share = pool.head_start.n / (pool.head_start.n + pool.penalty.n + 1.0)
    return (doctor.head_start.n + 6.0 * share) / (doctor.head_start.n + doctor.penalty.n + 6.0)


def _few(session: Session) -> list[float]:
    """Before any data one emergency in two sessions."""
    bins = [FIRST_HALF_HOUR + HALF_HOUR * place for place in range(HALF_HOURS)]
    return [0.5 * HALF_HOUR / session.length if 0 <= start < session.length else 0.0 for start in bins]


def _running(doctor: Learned, pool: Learned, name: str, prior: list[float]) -> list[float]:
    running, result = 0.0, []
    own, all_ = getattr(doctor, name), getattr(pool, name)
    for place in range(HALF_HOURS):
        shared = (all_[place] + 2.0 * prior[place]) / (pool.sessions + 2.0)
        running += (own[place] + 6.0 * shared) / (doctor.sessions + 6.0)
        result.append(running)
    return result


def _newcomer(laws: Laws, types: dict[str, float]) -> Length:
    total = sum(types.values())
    if not total:
        return Length(*laws.consultation(laws.other_mu))
    return mixed([(n / total, Length(*laws.consultation(laws.mu_of(kind)))) for kind, n in types.items()])


def _arrivals(laws: Laws, pool: Learned) -> None:
    """How booked people arrive against their time: the usual law (22 ± 17 minutes early), leaning to what was seen."""
    edges = [EARLIEST + BIN * step for step in range(BINS + 1)]
    usual = [max(below((edge + BIN + 22) / 17) - below((edge + 22) / 17), 1e-5) for edge in edges[:-1]]
    shares = [seen + 20.0 * share for seen, share in zip(pool.arrivals, usual, strict=True)]
    total = sum(shares)
    still, later, first, second = [0.0], 0.0, 0.0, 0.0
    by_then = [(0.0, 0.0)]
    for step in range(BINS - 1, -1, -1):
        share = shares[step] / total
        middle = min(edges[step] + BIN / 2, 0.0)
        later, first, second = later + share, first + share * middle, second + share * middle**2
        still.append(later)
        by_then.append((first / later, second / later))
    laws.still, laws.by_then = still[::-1], by_then[::-1]
