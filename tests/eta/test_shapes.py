"""Laws as three numbers: against drawn values."""

import random
import statistics
from math import exp

import pytest

from apps.eta.rules.shapes import Length, later_of, log_normal, of_moments, plus, quantile, quantiles, rest_of


def drawn(mu: float, variance: float, n: int = 40_000) -> list[float]:
    dice = random.Random(5)
    return [exp(dice.gauss(mu, variance**0.5)) for _ in range(n)]


@pytest.mark.parametrize("elapsed", [0.0, 5.0, 12.0])
def test_what_is_left_of_a_consultation_is_what_is_left_of_those_that_took_longer(elapsed: float):
    left = [value - elapsed for value in drawn(2.2, 0.25) if value > elapsed]
    found = rest_of(2.2, 0.25, elapsed)
    assert found.mean == pytest.approx(statistics.mean(left), rel=0.03)
    assert found.var == pytest.approx(statistics.variance(left), rel=0.08)


def test_far_beyond_anything_known_the_rest_is_still_a_number():
    found = rest_of(1.0, 0.04, 500.0)
    assert 0 < found.mean < 500
    assert found.var > 0


def test_a_sum_has_the_quantiles_of_drawn_sums():
    one, dice = log_normal(2.0, 0.5), random.Random(6)
    total = plus(plus(one, one), one)
    sums = [sum(exp(dice.gauss(2.0, 0.5**0.5)) for _ in range(3)) for _ in range(30_000)]
    cuts = statistics.quantiles(sums, n=10)
    found = quantiles(total.mean, total.var, total.skew)
    assert found == pytest.approx((cuts[0], cuts[4], cuts[7], cuts[8]), rel=0.04)


def test_one_quantile_and_all_of_them_agree():
    for skew in (0.0, 20.0, 900.0):
        assert quantile(0.0, 30.0, 50.0, skew) == pytest.approx(quantiles(30.0, 50.0, skew)[1])


def test_something_that_may_not_happen_counts_by_its_odds():
    found = Length(10.0, 4.0, 0.0).times(0.25)
    assert (found.mean, found.second) == pytest.approx((2.5, 26.0))
    assert of_moments(found.mean, found.second, found.third).skew == pytest.approx(found.skew)


def test_the_later_of_two_is_later_than_each():
    later = Length(*later_of(Length(20.0, 25.0), Length(21.0, 25.0)))
    assert 22 < later.mean < 25
    assert later_of(Length(90.0, 1.0), Length(10.0, 1.0))[0] == 90.0
