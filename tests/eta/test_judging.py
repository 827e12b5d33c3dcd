"""Figures that anybody can follow, and the alarm when windows do not hold."""

import pytest

from apps.eta.rules.judging import Judged, by_group, figures


def rows(held: int, of: int) -> list[Judged]:
    return [Judged("d", "here", 4.0 if at % 2 else -2.0, 10.0, at < held) for at in range(of)]


def test_figures_of_a_few_predictions():
    found = figures(rows(3, 4))
    assert (found.n, found.error, found.bias) == (4, 3.0, 1.0)
    assert (found.within5, found.coverage, found.skill) == (1.0, 0.75, pytest.approx(0.7))


@pytest.mark.parametrize(
    ("held", "of", "alarming"), [(160, 200, False), (140, 200, True), (198, 200, True), (7, 10, False)]
)
def test_windows_that_hold_too_seldom_or_too_often_raise_an_alarm(held: int, of: int, alarming: bool):
    assert figures(rows(held, of)).alarming is alarming


def test_groups_are_all_each_doctor_and_each_place():
    assert set(by_group(rows(1, 2))) == {("", ""), ("", "here"), ("d", ""), ("d", "here")}
