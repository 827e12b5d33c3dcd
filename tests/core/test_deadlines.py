"""A talk with a server has an end, whatever the server does."""

import threading

import pytest

from apps.core.deadlines import within


def test_what_the_talk_comes_to_is_the_answer():
    assert within(5, lambda: "taken", pytest.fail) == "taken"


def test_what_the_talk_raises_is_raised():
    def refuse() -> None:
        raise TimeoutError("by the server's own clock")

    with pytest.raises(TimeoutError, match="by the server's own clock"):
        within(5, refuse, pytest.fail)


def test_a_talk_without_an_end_is_hung_up_on():
    hung_up = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, lambda: hung_up.wait(10), hung_up.set)
    assert hung_up.is_set()
