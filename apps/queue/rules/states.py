"""The visit's state machine (requirements D2) as one table. Drawn in `docs/states.md` from this table."""

from enum import StrEnum

from apps.core.policy import Permission


class State(StrEnum):
    """Where a visit stands. Ten states, four of them final."""

    SCANNED = "SCANNED"
    WAITING = "WAITING"
    URGENT = "URGENT"
    CALLED = "CALLED"
    IN_CONSULTATION = "IN_CONSULTATION"
    ON_HOLD = "ON_HOLD"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    TRANSFERRED = "TRANSFERRED"


class Verb(StrEnum):
    """What somebody does to a visit. An edge of the machine belongs to exactly one verb."""

    CONFIRM = "confirm"
    TRIAGE_UP = "triage_up"
    TRIAGE_DOWN = "triage_down"
    CALL = "call"
    START = "start"
    COMPLETE = "complete"
    HOLD = "hold"
    RESUME = "resume"
    PUT_BACK = "put_back"
    NO_SHOW = "no_show"
    CANCEL = "cancel"
    TRANSFER = "transfer"
    CLOSE_DAY = "close_day"


S, V = State, Verb

TERMINAL = frozenset({S.COMPLETED, S.NO_SHOW, S.CANCELLED, S.TRANSFERRED})
QUEUED = frozenset({S.WAITING, S.URGENT})
"""States from which somebody can be called."""
ACTIVE = frozenset({S.CALLED, S.IN_CONSULTATION})
"""States that occupy a doctor; one visit per doctor at a time."""
OPEN = frozenset(State) - TERMINAL
GIVES_UP = QUEUED | {S.SCANNED, S.ON_HOLD}
"""States in which somebody may give their place up by their link: who is called or seen says so there."""
CHECKED_IN = frozenset({S.SCANNED, S.WAITING, S.URGENT})
"""States that the public sees as CHECKED_IN."""

TRANSITIONS: dict[tuple[State, State], Verb] = {
    (S.SCANNED, S.WAITING): V.CONFIRM,
    (S.SCANNED, S.URGENT): V.TRIAGE_UP,
    (S.SCANNED, S.CANCELLED): V.CANCEL,
    (S.SCANNED, S.NO_SHOW): V.CLOSE_DAY,
    (S.WAITING, S.URGENT): V.TRIAGE_UP,
    (S.WAITING, S.CALLED): V.CALL,
    (S.WAITING, S.ON_HOLD): V.HOLD,
    (S.WAITING, S.CANCELLED): V.CANCEL,
    (S.WAITING, S.TRANSFERRED): V.TRANSFER,
    (S.WAITING, S.NO_SHOW): V.CLOSE_DAY,
    (S.URGENT, S.WAITING): V.TRIAGE_DOWN,
    (S.URGENT, S.CALLED): V.CALL,
    (S.URGENT, S.ON_HOLD): V.HOLD,
    (S.URGENT, S.CANCELLED): V.CANCEL,
    (S.URGENT, S.TRANSFERRED): V.TRANSFER,
    (S.URGENT, S.NO_SHOW): V.CLOSE_DAY,
    (S.CALLED, S.IN_CONSULTATION): V.START,
    (S.CALLED, S.NO_SHOW): V.NO_SHOW,
    (S.CALLED, S.WAITING): V.PUT_BACK,
    (S.CALLED, S.URGENT): V.PUT_BACK,
    (S.CALLED, S.ON_HOLD): V.HOLD,
    (S.CALLED, S.CANCELLED): V.CANCEL,
    (S.CALLED, S.TRANSFERRED): V.TRANSFER,
    (S.IN_CONSULTATION, S.COMPLETED): V.COMPLETE,
    (S.IN_CONSULTATION, S.ON_HOLD): V.HOLD,
    (S.IN_CONSULTATION, S.TRANSFERRED): V.TRANSFER,
    (S.ON_HOLD, S.WAITING): V.RESUME,
    (S.ON_HOLD, S.URGENT): V.RESUME,
    (S.ON_HOLD, S.NO_SHOW): V.NO_SHOW,
    (S.ON_HOLD, S.CANCELLED): V.CANCEL,
    (S.ON_HOLD, S.TRANSFERRED): V.TRANSFER,
}
"""Every legal edge and the verb that takes it. Anything not listed is refused with 409."""

VERB_PERMISSIONS: dict[Verb, Permission] = {
    V.CONFIRM: Permission.VISIT_CHECK_IN,
    V.TRIAGE_UP: Permission.VISIT_EMERGENCY,
    V.TRIAGE_DOWN: Permission.VISIT_EMERGENCY,
    V.CALL: Permission.VISIT_CALL,
    V.START: Permission.VISIT_CONSULT,
    V.COMPLETE: Permission.VISIT_CONSULT,
    V.HOLD: Permission.VISIT_HOLD,
    V.RESUME: Permission.VISIT_HOLD,
    V.PUT_BACK: Permission.VISIT_CALL,
    V.NO_SHOW: Permission.VISIT_NO_SHOW,
    V.CANCEL: Permission.VISIT_CANCEL,
    V.TRANSFER: Permission.VISIT_CALL,
    V.CLOSE_DAY: Permission.SYSTEM_KEEP,
}


def legal(origin: State, target: State) -> bool:
    """Whether the machine has this edge."""
    return (origin, target) in TRANSITIONS


def targets(origin: State, verb: Verb) -> frozenset[State]:
    """The states a verb can lead to from here; empty when it is not allowed here."""
    return frozenset(to for (frm, to), v in TRANSITIONS.items() if frm is origin and v is verb)


def verbs_from(origin: State) -> tuple[Verb, ...]:
    """What can be done to a visit in this state, in the table's order."""
    return tuple(dict.fromkeys(v for (frm, _), v in TRANSITIONS.items() if frm is origin))


def public_status(state: State) -> str:
    """The status of a token as the public may know it."""
    return "CHECKED_IN" if state in CHECKED_IN else str(state)


def drawing() -> str:
    """The machine as a Mermaid diagram, one edge a line with the verb and the permission it needs."""
    lines = ["stateDiagram-v2"]
    for (origin, target), verb in TRANSITIONS.items():
        lines.append(f"    {origin} --> {target}: {verb}")
    lines.extend(f"    {state} --> [*]" for state in State if state in TERMINAL)
    return "\n".join(lines)
