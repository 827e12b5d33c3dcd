"""Hospitals that exist only to play a day in."""

from dataclasses import replace
from datetime import time

from apps.scheduling.rules import Symbol
from opd.demo.hospital import DEMO, DEPARTMENTS, PRICES, STAFF, TRIAGE
from opd.demo.shapes import Hospital, NewDoctor, NewHours, NewRoom


def simulated_hospital(code: str, doctors: int) -> Hospital:
    """A hospital like the demo's, open from nine to five, with so many doctors and without people or boards."""
    symbols = list(Symbol)
    rooms = tuple(NewRoom(str(n), symbols[n % len(symbols)], "A") for n in range(1, doctors + 1))
    counters = tuple(replace(counter, room=f"C{counter.room}") for counter in DEMO.counters)
    desks = tuple(NewRoom(counter.room, symbols[n % len(symbols)], "C") for n, counter in enumerate(counters))
    return Hospital(
        name=f"Simulated hospital {code}",
        code=code,
        domain=f"{code.lower()}.opd",
        departments=DEPARTMENTS,
        rooms=rooms + desks,
        staff=STAFF,
        doctors=tuple(_doctor(n) for n in range(doctors)),
        triage=TRIAGE,
        hours=NewHours(time(9), time(17)),
        counters=counters,
        kinds=DEMO.kinds,
        prices=PRICES,
        doctors_at_work=False,
    )


def _doctor(number: int) -> NewDoctor:
    """The demo's doctors in turn, the later ones under names of their own."""
    model = DEMO.doctors[number % len(DEMO.doctors)]
    again = number // len(DEMO.doctors)
    return replace(
        model,
        account=f"{model.account}{again or ''}",
        name=f"{model.name} {again + 1}" if again else model.name,
        licence=f"SIM-{number + 1}",
        room=str(number + 1),
    )
