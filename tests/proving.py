"""How much of what could be tried is tried: all of it by `make prove`, a sample by `make test`.

What is exhaustive (every operation × every hostile value, every page × every payload) takes hours, so that `make test`
draws from it. The draw is the same on each run, so that what lands is not a lottery; `OPD_DRAW=2 make test` draws
another one, and again the same one: see docs/reliability.md.

A sample never passes over a place (an operation, a form, a page) and, where there are as many draws as values, never
over a value.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from typing import TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

Place = TypeVar("Place")
Value = TypeVar("Value")

PROVE = os.environ.get("OPD_PROVE") == "1"
"""Whether the full counts of `make prove` are wanted."""

DRAW = os.environ.get("OPD_DRAW", "1")
"""Which of all possible draws is made."""

ROUNDS = 8
"""How often a state machine is played anew, with other draws, until all that must happen has happened."""


def _shuffler() -> random.Random:
    """Chance by the draw and the test that asks, whatever runs before it."""
    return random.Random(f"{DRAW} {os.environ.get('PYTEST_CURRENT_TEST', '')}")


def dealt(
    places: Sequence[Place], values: Sequence[Value], each: int, *, prove: bool = PROVE
) -> Iterator[tuple[Place, list[Value]]]:
    """Every place with the values that are tried there: all of them to prove it, else as many as `each` says.

    They are dealt like cards: from a shuffled pack, and from a new one when it is at its end. Where the places are
    few, each gets so many that the whole pack is dealt once.
    """
    if prove or not places or not values:
        yield from ((place, list(values)) for place in places)
        return
    chance = _shuffler()
    hand = min(len(values), max(each, ceil(len(values) / len(places))))
    pack: list[Value] = []
    for place in places:
        if len(pack) < hand:  # what is left over lies on top of the new pack, but not twice in one hand
            rest, pack = pack, chance.sample(values, len(values))
            pack = [value for value in pack if value not in rest] + rest
        yield place, [pack.pop() for _ in range(hand)]


def some(pairs: Sequence[Value], count: int, *, prove: bool = PROVE) -> list[Value]:
    """So many of these, as they are drawn; all of them to prove it."""
    return list(pairs) if prove or count >= len(pairs) else _shuffler().sample(pairs, count)


def play(machine: type[RuleBasedStateMachine], done: Counter[str], must: set[str], examples: int, steps: int) -> None:
    """Play a state machine until all that must happen has happened at least once, counted in `done`.

    It begins again with other draws, at most `ROUNDS` times in all: what Hypothesis draws follows from the code that
    happens to be loaded, so a round may be hollow. In `make prove` the draws are left to chance.
    """
    done.clear()
    many = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=list(Phase) if PROVE else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for number in range(1 if PROVE else ROUNDS):
        drawn = machine if PROVE else seed(f"{DRAW} {number}")(machine)
        run_state_machine_as_test(drawn, settings=many)
        if must <= set(done):
            return
    raise AssertionError(f"never happened: {sorted(must - set(done))}; what did: {dict(done)}")
