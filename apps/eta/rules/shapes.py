"""Distributions as the few numbers that add up: mean, variance and third cumulant (skew) of minutes."""

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

ROOT_2 = sqrt(2)
_ROOT_2PI = sqrt(2 * pi)


def below(z: float) -> float:
    """The share of a normal law below z standard deviations."""
    return 0.5 * erfc(-z / ROOT_2)


def density(z: float) -> float:
    """The height of the normal law at z standard deviations."""
    return exp(-0.5 * z * z) / _ROOT_2PI


Cumulants = tuple[float, float, float]
"""Mean, variance and third central moment; plain, where hundreds are made for every event."""

Quantiles = tuple[float, float, float, float]
"""The values below which 10, 50, 80 and 90 % lie."""


def sometimes(x: Cumulants, share: float) -> Cumulants:
    """A length of time that happens only in this share of cases, and takes no time otherwise."""
    first, second, third = powers(x)
    return of_powers(share * first, share * second, share * third)


def powers(x: Cumulants) -> Cumulants:
    """The means of value, square and cube: what so many on average of these add up to, by chance, for each of them."""
    mean, var, skew = x
    square = mean * mean
    return mean, var + square, skew + mean * (3.0 * var + square)


def of_powers(first: float, second: float, third: float) -> Cumulants:
    """A length of time of which the means of value, square and cube are known."""
    square = first * first
    return first, second - square, third - first * (3.0 * second - 2.0 * square)


class Length(NamedTuple):
    """A length of time that is not known: its first three cumulants."""

    mean: float
    var: float = 0.0
    skew: float = 0.0
    """Third central moment, in cubic minutes."""

    def times(self, share: float) -> "Length":
        """The same when it happens only in this share of cases, and takes no time otherwise."""
        return Length(*sometimes(self, share))

    def poisson(self, number: float) -> "Length":
        """As many of these as come by chance, so many on average."""
        first, second, third = powers(self)
        return Length(number * first, number * second, number * third)

    def scaled(self, factor: float) -> "Length":
        """The same, so many times as long."""
        return Length(factor * self.mean, factor**2 * self.var, factor**3 * self.skew)

    @property
    def second(self) -> float:
        """The mean of the square."""
        return self.var + self.mean**2

    @property
    def third(self) -> float:
        """The mean of the cube."""
        return self.skew + 3 * self.mean * self.var + self.mean**3


NOTHING = Length(0.0)


def of_moments(first: float, second: float, third: float) -> Length:
    """A length of time of which the means of value, square and cube are known."""
    return Length(*of_powers(first, second, third))


def plus(one: Cumulants, other: Cumulants) -> Length:
    """Both after one another, independent of each other."""
    mean, var, skew = one
    more, more_var, more_skew = other
    return Length(mean + more, var + more_var, skew + more_skew)


def mixed(parts: list[tuple[float, Length]]) -> Length:
    """One of several, each with its share (shares add up to one)."""
    return of_moments(
        sum(share * x.mean for share, x in parts),
        sum(share * x.second for share, x in parts),
        sum(share * x.third for share, x in parts),
    )


def log_normal(mu: float, variance: float) -> Length:
    """A length of time whose logarithm is normal."""
    w = exp(variance)
    mean = exp(mu + variance / 2)
    return Length(mean, mean**2 * (w - 1), mean**3 * (w - 1) ** 2 * (w + 2))


def rest_of(mu: float, variance: float, elapsed: float) -> Length:
    """What is left of a length of time with a normal logarithm, of which so many minutes went by already."""
    if elapsed <= 0:
        whole = log_normal(mu, variance)
        return Length(whole.mean - elapsed, whole.var, whole.skew)
    s = sqrt(variance)
    z = (mu - log(elapsed)) / s
    tail = below(z)
    if tail < 1e-9:
        # So far out the rest falls off like an exponential law whose length grows with the time passed.
        mean = elapsed * variance / max(log(elapsed) - mu, variance)
        return Length(mean, mean**2, 2 * mean**3)
    first, second, third = (exp(n * mu + n * n * variance / 2) * below(z + n * s) / tail for n in (1, 2, 3))
    return of_moments(
        first - elapsed,
        second - 2 * elapsed * first + elapsed**2,
        third - 3 * elapsed * second + 3 * elapsed**2 * first - elapsed**3,
    )


def later_of(x: Cumulants, other: Cumulants) -> Cumulants:
    """The later of two moments, both about normal (Clark 1961); skew as far as the first decides."""
    one, one_var, one_skew = x
    two, two_var, _ = other
    theta = sqrt(one_var + two_var)
    if theta < 1e-9:
        return x if one >= two else other
    alpha = (one - two) / theta
    if alpha > 4.0:
        return x
    here, height = below(alpha), theta * density(alpha)
    mean = one * here + two * (1.0 - here) + height
    second = (one_var + one * one) * here + (two_var + two * two) * (1.0 - here) + (one + two) * height
    return mean, max(second - mean * mean, 0.0), one_skew * here


Z10, Z80, Z90 = -1.2815516, 0.8416212, 1.2815516


def quantiles(mean: float, var: float, skew: float) -> Quantiles:
    """The values below which 10, 50, 80 and 90 % of a law with these cumulants lie.

    Cornish and Fisher's expansion where the law is nearly normal, else the shifted log-normal law with the same
    three cumulants. Skew below nothing counts as none.
    """
    if var <= 0.0:
        return mean, mean, mean, mean
    spread = sqrt(var)
    if skew < 0.4 * var * spread:
        bend = skew / (6.0 * var) if skew > 0.0 else 0.0
        middle, outer, side = mean - bend, mean + 0.6424 * bend, 1.2815516 * spread
        return outer - side, middle, mean + 0.8416212 * spread - 0.2917 * bend, outer + side
    shape, scale = _shifted(skew / (var * spread), var)
    low = mean - scale * exp(shape * shape / 2.0)
    wide = exp(shape * Z90)
    return low + scale / wide, low + scale, low + scale * exp(shape * Z80), low + scale * wide


def quantile(z: float, mean: float, var: float, skew: float) -> float:
    """The value below which the share `below(z)` of such a law lies."""
    if var <= 0.0:
        return mean
    spread = sqrt(var)
    bent = skew / (var * spread)
    if bent < 0.4:
        return mean + spread * (z + max(bent, 0.0) * (z * z - 1.0) / 6.0)
    shape, scale = _shifted(bent, var)
    return mean + scale * (exp(shape * z) - exp(shape * shape / 2.0))


def _shifted(bent: float, var: float) -> tuple[float, float]:
    """Spread of the logarithm, and scale, of the shifted log-normal law with this variance and this skewness."""
    square = bent * bent
    root = (1.0 + square / 2.0 + bent * sqrt(1.0 + square / 4.0)) ** (1 / 3)
    w = root + 1.0 / root - 1.0
    return sqrt(log(w)), sqrt(var / (w * (w - 1.0)))
