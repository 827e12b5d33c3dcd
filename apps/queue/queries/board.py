"""A waiting room's board: rooms, who is called, who is next. Numbers and rooms only, never a person."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from apps.accounts.queries import facility_facts
from apps.core.languages import named_in
from apps.queue.models import Visit
from apps.queue.queries.visits import elsewhere
from apps.queue.rules.hall import HALL_CODES, said_back, said_of, symbol_names
from apps.queue.rules.order import Tier
from apps.queue.rules.states import ACTIVE, QUEUED, State
from apps.scheduling.queries import counters, doctors_of_departments
from apps.scheduling.rules import Availability

CALL_SHOWN = timedelta(seconds=90)
"""How long a call stays on the slip of the board."""

NEXT_SHOWN = 3
"""Numbers that stand beside a room: whoever is put before others is seen coming."""


def rooms_and_calls(department_ids: Sequence[UUID], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """`{rooms[], calls[]}` of some departments, in three statements; see `templates/display/_board.html`.

    A room is `{number, symbol, symbol_names, doctor, names, status, says, token, priority, note, back, next[],
    call_id}` by number, `says` and `back` being words by language; a call `{call_id, token, number, symbol,
    symbol_names, called_at, times}`, the newest first.
    """
    visits = list(_shown(department_ids))
    active = [visit for visit in visits if visit.state in ACTIVE]
    queued = [visit for visit in visits if visit.state in QUEUED]
    by_server = {visit.doctor_id or visit.counter_id: visit for visit in active}
    servers = [*doctors_of_departments(department_ids), *counters().filter(department_id__in=department_ids)]
    rooms = [_room(server, by_server.get(server.id), queued) for server in servers if _in_a_room(server, by_server)]
    calls = [_call(visit) for visit in active if _is_called_now(visit, now)]
    return {
        "rooms": sorted(_one_per_room(rooms), key=lambda room: room_order(room["number"])),
        "calls": sorted(calls, key=lambda call: call["called_at"], reverse=True),
    }


def room_order(number: str) -> tuple[bool, int, str]:
    """Rooms in the order people count them: 2 before 10, and after them those that are no number."""
    return (not number.isdecimal(), int(number) if number.isdecimal() else 0, number)


def _shown(department_ids: Sequence[UUID]) -> QuerySet[Visit]:
    """Who is called or with a doctor, and the first few of every line: of each doctor's own, and of the common one.
    Who is just being seen at another station is not announced as next."""
    line = Case(When(state__in=sorted(ACTIVE), then=Value(0)), default=Value(1))
    order = ["tier", "arrival_key", "number"]
    place = Window(RowNumber(), partition_by=[F("department_id"), F("doctor_id"), line], order_by=order)
    return (
        Visit.objects.filter(department_id__in=department_ids, state__in=sorted(ACTIVE | QUEUED))
        .exclude(elsewhere(), state__in=sorted(QUEUED))
        .annotate(place=place)
        .filter(place__lte=NEXT_SHOWN)
        .select_related("token", "room")
        .order_by(*order)
    )


def _in_a_room(server: Any, active: dict[UUID | None, Visit]) -> bool:
    return server.room is not None or server.id in active


def _room(doctor: Any, visit: Visit | None, queued: Iterable[Visit]) -> dict[str, Any]:
    room = (visit.room if visit else None) or doctor.room
    status, note = _status(doctor, visit), "" if visit else _back(doctor)
    return {
        "number": room.number if room else "",
        "symbol": room.symbol if room else "",
        "symbol_names": symbol_names(room.symbol) if room else {},
        "doctor": doctor.name,
        "names": named_in(doctor.name, doctor.names, HALL_CODES),
        "status": status,
        "says": said_of(status),
        "token": visit.token.label if visit else "",
        "priority": is_early(visit) if visit else False,
        "note": note,
        "back": said_back(note),
        "next": [_waiting(row) for row in queued if _waits_for(row, doctor)][:NEXT_SHOWN],
        "call_id": call_id(visit) if visit else "",
    }


def _status(doctor: Any, visit: Visit | None) -> str:
    """What a room shows: a call, a consultation, or why nothing happens there."""
    if visit:
        if visit.state == State.CALLED:
            return "calling"
        return "with_doctor" if visit.counter_id is None else "at_counter"
    if doctor.availability == Availability.PAUSED:
        return "paused"
    return "offline" if doctor.availability == Availability.OFFLINE else "idle"


def _back(server: Any) -> str:
    """When a doctor who takes a break is back, by the clock; a counter says no time."""
    back_at = getattr(server, "back_at", None)
    return facility_facts(server.facility_id).clock(back_at) if back_at else ""


def _one_per_room(rooms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Doctors who share a room by turns: whoever is not there leaves the row to whoever is."""
    taken = {room["number"] for room in rooms if room["status"] != "offline"}
    return [room for room in rooms if room["status"] != "offline" or room["number"] not in taken]


def _waiting(visit: Visit) -> dict[str, Any]:
    return {"token": visit.token.label, "priority": is_early(visit)}


def _waits_for(visit: Visit, doctor: Any) -> bool:
    """Whether a doctor, or a counter, may call this visit: it is theirs, or nobody's in a department of theirs."""
    return visit.doctor_id == doctor.id or (visit.doctor_id is None and visit.department_id in doctor.department_ids)


def is_early(visit: Visit) -> bool:
    """Whether this number may come before lower ones; the board marks it, so that a jump is no surprise."""
    return visit.tier < Tier.REST or bool(visit.needs)


def call_id(visit: Visit) -> str:
    """The id of one call: board, voice and phone play it once."""
    return f"{visit.id}:{visit.times_called}"


def _is_called_now(visit: Visit, now: datetime) -> bool:
    return visit.state == State.CALLED and visit.last_called_at is not None and now - visit.last_called_at < CALL_SHOWN


def _call(visit: Visit) -> dict[str, Any]:
    room = visit.room
    return {
        "call_id": call_id(visit),
        "token": visit.token.label,
        "number": room.number if room else "",
        "symbol": room.symbol if room else "",
        "symbol_names": symbol_names(room.symbol) if room else {},
        "called_at": visit.last_called_at.isoformat() if visit.last_called_at else "",
        "times": visit.times_called,
    }
