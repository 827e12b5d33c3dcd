"""What the first few people of a demo were seen for before it opens: whoever signs in by their phone finds a signed
prescription to read, and a result. Some said how it was, and one record was opened in an emergency, which the office
has still to look at. Played by the commands themselves, a while ago."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django_scopes import scope

from apps.encounters.commands import add_diagnosis, complete, take_vitals
from apps.encounters.commands.ordering import order_investigations
from apps.encounters.commands.prescribing import prescribe
from apps.encounters.commands.results import report_result, see_result
from apps.encounters.queries.investigations import measures_of
from apps.patients.commands import break_glass, note_opened
from apps.patients.queries import search
from apps.patients.rules.people import age_on
from apps.queue.commands import call, check_in, start
from apps.queue.queries.visits import visits_of_patient
from opd.demo.shapes import Hospital
from opd.simulation.afterwards import comes_after
from opd.simulation.bedside import DIAGNOSED, measured, note_beside, resulted
from opd.simulation.cast import Cast, Practitioner, Server, cast_of
from opd.simulation.opinions import say
from opd.simulation.people import CHILDREN_BELOW, Person

PEOPLE = 8
"""So many of them."""

AGO, APART = timedelta(days=2), timedelta(minutes=25)
"""When the first of them came, and how long after them the next."""

AFTER_FOOD = {"instructions": "after food"}
LINES: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"medicine": "Paracetamol 500 mg tablet", "frequency": "1-1-1", "days": 3, **AFTER_FOOD},),
    ({"medicine": "Metformin 500 mg tablet", "frequency": "1-0-1", "days": 30, **AFTER_FOOD},),
    (
        {"medicine": "Amlodipine 5 mg tablet", "frequency": "1-0-0", "days": 30},
        {"medicine": "Paracetamol 500 mg tablet", "frequency": "SOS", "days": 5, **AFTER_FOOD},
    ),
    ({"medicine": "ORS 20.5 g powder", "frequency": "1-1-1", "days": 2},),
    ({"medicine": "Paracetamol 650 mg tablet", "frequency": "1-0-1", "days": 5, **AFTER_FOOD},),
)
"""What is prescribed with each note of `bedside.NOTES`."""

NOTE_OF = {"GEN": (2, 1, 0), "PED": (3,), "ORT": (4,)}
"""Which of the notes fit a department."""

ADVICE = "Take the medicines as written. Come back at once if you feel worse."
TESTS = ("CBC", "KFT", "LFT")
UNCONSCIOUS = "Brought in unconscious after a fall, without relatives: which medicines, which allergies?"
FELL = timedelta(days=1)
"""So long after the first visit."""


def remember_visits(hospital: Hospital, now: datetime) -> int:
    """Play the visits of whoever has none yet; how many."""
    cast = cast_of(hospital)
    with scope(facility=cast.facility_id):
        laboratory = next((server for server in cast.servers if server.department == "LAB"), None)
        found = [
            (nth, doctor, known)
            for nth, somebody in enumerate(hospital.patients[:PEOPLE])
            if (doctor := _doctor_of(cast, somebody, nth))
            and (known := search(somebody.phone, cast.desk).first())
            and not visits_of_patient(known.id).exists()
        ]
        for nth, doctor, known in found:
            _visit(cast, doctor, laboratory, known, nth, now - AGO + nth * APART)
        if found:
            _, doctor, known = found[0]
            _open_in_emergency(cast, doctor, known, now - AGO + FELL)
        return len(found)


def _doctor_of(cast: Cast, somebody: Person, nth: int) -> Practitioner | None:
    """A doctor of children for a child; of the others every fourth goes to the bones."""
    department = "PED" if somebody.age < CHILDREN_BELOW else "ORT" if nth % 4 == 2 else "GEN"
    return next((one for one in cast.practitioners.values() if one.department == department), None)


def _visit(cast: Cast, doctor: Practitioner, laboratory: Server | None, patient: Any, nth: int, came: datetime) -> None:
    """One visit from the desk to the result, as it was a while ago."""
    random, notes = Random(f"{patient.uhid}:before"), NOTE_OF[doctor.department]
    note = notes[nth % len(notes)]
    where: dict[str, Any] = {
        "department_id": cast.departments[doctor.department],
        "patient_id": patient.id,
        "doctor_id": doctor.id,
    }
    visit = check_in(actor=cast.desk, now=came, **where).visit
    signs = measured(random, age_on(patient.birth_date, visit.day))
    take_vitals(actor=cast.nurse, now=came + timedelta(minutes=2), visit_id=visit.id, **signs)
    begun: dict[str, Any] = {"actor": doctor.actor, "visit_id": visit.id}
    call(now=came + timedelta(minutes=5), doctor_id=doctor.id, **begun)
    start(now=came + timedelta(minutes=6), doctor_id=doctor.id, **begun)
    seen: dict[str, Any] = begun | {"now": came + timedelta(minutes=9)}
    add_diagnosis(text=DIAGNOSED[note], **seen)
    prescribe(items=LINES[note], **seen)
    orders = order_investigations(tests=[TESTS[nth % len(TESTS)]], **seen)[1] if laboratory else []
    for command, told in comes_after(note, 0):
        command(**seen, **told)
    written = {**note_beside(note), "advice": ADVICE}
    complete(doctor_id=doctor.id, note=written, **begun | {"now": came + timedelta(minutes=12)})
    if nth % 2:
        left = came + timedelta(minutes=15)
        say(lambda command, **what: command(now=left, **what), visit.id, nth, left)
    for order in orders:
        assert laboratory, "nothing is ordered without one"
        values = resulted(random, measures_of(order.investigation, patient.sex), age_on(patient.birth_date, visit.day))
        report_result(actor=laboratory.actor, now=came + timedelta(minutes=50), order_id=order.id, values=values)
        see_result(actor=doctor.actor, now=came + timedelta(minutes=60), order_id=order.id, version=1)


def _open_in_emergency(cast: Cast, doctor: Practitioner, patient: Any, now: datetime) -> None:
    """Somebody of another department, who has nothing to do with the visit, opens the record."""
    other = next((one for one in cast.practitioners.values() if one.department != doctor.department), None)
    if other:
        opened = {"actor": other.actor, "now": now, "patient_id": patient.id}
        break_glass(reason=UNCONSCIOUS, **opened)
        note_opened(by="history", **opened)
