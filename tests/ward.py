"""A small hospital for tests: made of real rows, moved only by real commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone
from django_scopes import scope

from apps.accounts.models import Facility, Staff
from apps.accounts.queries import actor_of_staff
from apps.core.events import department_stream, facility_stream
from apps.core.models import Stream
from apps.core.policy import Actor, Role
from apps.encounters.commands import complete
from apps.patients.commands import register
from apps.patients.rules.people import Sex
from apps.queue import commands
from apps.queue.models import TriageRule, Visit
from apps.queue.queries.links import comes_by
from apps.scheduling.models import Department, Doctor, DoctorDepartment, QueuePolicy, Room

MONDAY = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
"""Nine in the morning in Kolkata."""

_numbers = count(1)


@dataclass
class Ward:
    """A facility with departments, doctors and people at work; `now` moves only when a test says so."""

    facility: Facility
    departments: list[Department]
    doctors: list[Doctor]
    meera: Actor
    nurse: Actor
    admin: Actor
    now: datetime = MONDAY
    staff: dict[UUID, Staff] = field(default_factory=dict)

    @property
    def department(self) -> Department:
        return self.departments[0]

    @property
    def doctor(self) -> Doctor:
        return self.doctors[0]

    @property
    def rao(self) -> Actor:
        """Dr Rao, the first doctor."""
        return self.as_doctor(self.doctor)

    def as_doctor(self, doctor: Doctor) -> Actor:
        """The doctor's own hands."""
        return actor_of_staff(self.staff[doctor.staff_id])

    def as_role(self, role: Role, departments: list[Department] | None = None) -> Actor:
        """Somebody new on the staff, of all departments or of these."""
        return actor_of_staff(_staff(self.facility, role, f"somebody{next(_numbers)}", departments))

    def later(self, **elapsed: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**elapsed)
        return self.now

    def keep_real_time(self) -> None:
        """By the real clock from here on, as whatever comes over HTTP is, and at noon: soon is still today."""
        self.now = timezone.now()
        self.lie_where_it_is_noon()

    def lie_where_it_is_noon(self) -> None:
        """Move the hospital to where it is noon now."""
        self.facility.time_zone = f"Etc/GMT{self.now.astimezone(UTC).hour - 12:+d}"
        self.facility.save()

    def register(self, name: str = "Asha Devi", age: int = 34, **known: Any) -> Any:
        """Somebody gets a record at the desk."""
        return register(actor=self.meera, now=self.now, name=name, sex=Sex.FEMALE, age=age, **known)

    def arrive(self, patient: Any = None, department: Department | None = None, **how: Any) -> Visit:
        """Somebody is checked in at the desk by Meera."""
        patient = patient or self.register(name=f"Person {next(_numbers)}")
        place = department or self.department
        arrived = commands.check_in(
            actor=self.meera, now=self.now, department_id=place.id, patient_id=patient.id, **how
        )
        return self.fresh(arrived.visit)

    def call_next(self, doctor: Doctor | None = None) -> Visit | None:
        """A doctor presses the one button."""
        who = doctor or self.doctor
        return commands.call_next(actor=self.as_doctor(who), now=self.now, doctor_id=who.id)

    def start(self, visit: Visit) -> Visit:
        """The called person comes in."""
        return commands.start(actor=self._doctor_of(visit), now=self.now, visit_id=visit.id)

    def complete(self, visit: Visit, prescription: str = "") -> Visit:
        """The consultation ends."""
        done, _ = complete(
            actor=self._doctor_of(visit), now=self.now, visit_id=visit.id, prescription_text=prescription
        )
        return done

    def see(self, visit: Visit, minutes: float = 10) -> Visit:
        """From called to completed."""
        self.start(visit)
        self.later(minutes=minutes)
        return self.complete(visit)

    def fresh(self, visit: Visit) -> Visit:
        """The visit as the database has it."""
        return Visit.objects.select_related("token", "doctor", "department").get(id=visit.id)

    def _doctor_of(self, visit: Visit) -> Actor:
        doctor = next(d for d in self.doctors if d.id == self.fresh(visit).doctor_id)
        return self.as_doctor(doctor)


def came(token: str) -> dict[str, Any]:
    """Somebody who came by a check-in link, as `self_check_in` takes them."""
    holder, link = comes_by(token)
    return {"actor": holder, "link": link}


@contextmanager
def open_ward(departments: int = 1, doctors: int = 1, code: str = "") -> Iterator[Ward]:
    """A fresh hospital with its scope active; doctors are spread over the departments and AVAILABLE."""
    number = next(_numbers)
    facility = Facility.objects.create(name=f"Hospital {number}", code=code or f"H{number}")
    with scope(facility=facility.id):
        yield _furnish(facility, departments, doctors, number)


def _furnish(facility: Facility, departments: int, doctors: int, number: int) -> Ward:
    Stream.objects.create(name=facility_stream(facility.id))
    places = [_department(facility, i) for i in range(departments)]
    ward = Ward(
        facility=facility,
        departments=places,
        doctors=[],
        meera=actor_of_staff(_staff(facility, Role.RECEPTION, f"meera{number}")),
        nurse=actor_of_staff(_staff(facility, Role.NURSE, f"nurse{number}")),
        admin=actor_of_staff(_staff(facility, Role.ADMIN, f"admin{number}")),
    )
    for i in range(doctors):
        add_doctor(ward, [places[i % departments]])
    TriageRule.objects.create(facility=facility, phrase="chest pain")
    return ward


def add_doctor(ward: Ward, departments: list[Department], availability: str = "AVAILABLE") -> Doctor:
    """One more doctor, with an account and a room."""
    number = next(_numbers)
    staff = _staff(ward.facility, Role.DOCTOR, f"doctor{number}", departments)
    room = Room.objects.create(facility=ward.facility, number=str(number % 1000), symbol="boat")
    doctor = Doctor.objects.create(
        facility=ward.facility,
        staff=staff,
        name=f"Dr Rao {number}",
        room=room,
        license_number=f"L{number}",
        availability=availability,
    )
    DoctorDepartment.objects.bulk_create([DoctorDepartment(doctor=doctor, department=d) for d in departments])
    ward.doctors.append(doctor)
    ward.staff[staff.id] = staff
    return doctor


def _department(facility: Facility, index: int) -> Department:
    letter = "GCBDEFHJKLMNPRSTUVWXY"[index]
    department = Department.objects.create(
        facility=facility, code=f"GE{letter}", letter=letter, name=f"General medicine {letter}", kind="consultation"
    )
    QueuePolicy.objects.create(facility=facility, department=department)
    Stream.objects.create(name=department_stream(department.id))
    return department


def _staff(facility: Facility, role: Role, name: str, departments: list[Department] | None = None) -> Staff:
    return Staff.objects.create(
        facility=facility,
        email=f"{name}@test.opd",
        name=name.title(),
        role=role,
        all_departments=departments is None,
        department_ids=[d.id for d in departments or []],
    )
