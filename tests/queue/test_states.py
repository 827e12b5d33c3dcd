"""The state machine's table says exactly what requirements D2 say."""

from itertools import product

import pytest

from apps.queue.rules.states import (
    OPEN,
    TERMINAL,
    TRANSITIONS,
    VERB_PERMISSIONS,
    State,
    Verb,
    drawing,
    legal,
    public_status,
    targets,
    verbs_from,
)

S = State

SPELLED_OUT = {
    # document 003 §5
    "SCANNED": "WAITING URGENT CANCELLED NO_SHOW",
    "WAITING": "URGENT CALLED ON_HOLD CANCELLED TRANSFERRED NO_SHOW",
    "URGENT": "WAITING CALLED ON_HOLD CANCELLED TRANSFERRED NO_SHOW",
    "CALLED": "IN_CONSULTATION NO_SHOW WAITING URGENT ON_HOLD CANCELLED TRANSFERRED",
    "IN_CONSULTATION": "COMPLETED ON_HOLD TRANSFERRED",
    "ON_HOLD": "WAITING URGENT NO_SHOW CANCELLED TRANSFERRED",
    "COMPLETED": "",
    "NO_SHOW": "",
    "CANCELLED": "",
    "TRANSFERRED": "",
}
"""Requirements D2, typed off by hand, so that a slip in the table shows."""


@pytest.mark.parametrize(("origin", "target"), list(product(State, State)), ids=str)
def test_every_pair_of_states_is_legal_exactly_when_the_requirements_list_it(origin: State, target: State):
    assert legal(origin, target) == (str(target) in SPELLED_OUT[origin].split())


def test_there_are_ten_states_of_which_four_are_final():
    assert len(State) == 10
    assert {S.COMPLETED, S.NO_SHOW, S.CANCELLED, S.TRANSFERRED} == TERMINAL
    assert not any(verbs_from(state) for state in TERMINAL)
    assert all(verbs_from(state) for state in OPEN)


def test_every_edge_is_reached_by_its_verb_and_every_verb_needs_a_permission():
    for (origin, target), verb in TRANSITIONS.items():
        assert target in targets(origin, verb)
    assert set(VERB_PERMISSIONS) == set(Verb)


def test_only_the_day_s_end_turns_waiting_people_into_no_shows():
    for origin in (S.SCANNED, S.WAITING, S.URGENT):
        assert TRANSITIONS[origin, S.NO_SHOW] is Verb.CLOSE_DAY
        assert S.NO_SHOW not in targets(origin, Verb.NO_SHOW)


def test_the_public_sees_checked_in_until_somebody_is_called():
    assert {public_status(s) for s in (S.SCANNED, S.WAITING, S.URGENT)} == {"CHECKED_IN"}
    assert public_status(S.CALLED) == "CALLED"


def test_the_drawing_has_one_line_for_every_edge():
    lines = drawing().splitlines()
    assert sum("-->" in line and "[*]" not in line for line in lines) == len(TRANSITIONS)
