"""The state machine of a booking (requirements D2). From ARRIVED on the visit goes on."""

from enum import StrEnum


class AppointmentState(StrEnum):
    """Where a reserved place stands."""

    HELD = "HELD"
    BOOKED = "BOOKED"
    ARRIVED = "ARRIVED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    RESCHEDULED = "RESCHEDULED"


S = AppointmentState

EDGES: dict[AppointmentState, frozenset[AppointmentState]] = {
    S.HELD: frozenset({S.BOOKED, S.CANCELLED}),
    S.BOOKED: frozenset({S.ARRIVED, S.CANCELLED, S.NO_SHOW, S.RESCHEDULED}),
    S.ARRIVED: frozenset(),
    S.CANCELLED: frozenset(),
    S.NO_SHOW: frozenset(),
    S.RESCHEDULED: frozenset(),
}
"""Every edge there is; a hold that expires is cancelled."""

LIVE = frozenset({S.HELD, S.BOOKED, S.ARRIVED})
"""States in which somebody takes up a place of the slot."""

OPEN = frozenset({S.HELD, S.BOOKED})
"""States in which nobody has come yet, so that the place can still be given up or moved."""

assert set(EDGES) == set(AppointmentState)


def may_become(state: AppointmentState, wanted: AppointmentState) -> bool:
    """Whether a booking may go from one state to the other."""
    return wanted in EDGES[state]
