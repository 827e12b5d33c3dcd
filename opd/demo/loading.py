"""Loading a hospital: whatever of it is missing is made, by commands where there are commands."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django_scopes import scope

from apps.accounts.commands import hand_out_second_factor, open_facility, register_staff
from apps.accounts.queries import FacilityFacts, authenticator_of, facility_by_code, staff_actor, staff_by_email
from apps.audit.commands import record
from apps.audit.queries import entries
from apps.core.admin import values_of
from apps.core.commands import command
from apps.core.policy import Actor, Permission, Role, Scope, system_actor
from apps.encounters.commands.coding import DIAGNOSES, take_in_diagnoses
from apps.encounters.commands.stocking import (
    DIETS,
    INTERACTIONS,
    INVESTIGATIONS,
    MEDICINES,
    table,
    take_in_diets,
    take_in_interactions,
    take_in_investigations,
    take_in_medicines,
)
from apps.encounters.commands.templating import make_template
from apps.encounters.queries.medicines import favourites_of
from apps.encounters.queries.templates import templates_of
from apps.patients.commands import note_health_fact, register
from apps.patients.queries import health_facts, search
from apps.queue.commands import Usual, change_template, set_availability
from apps.queue.queries.journeys import kinds_of_visit
from apps.scheduling.commands import create_department, make_slots, register_doctor
from apps.scheduling.queries import counters, departments, doctors, rooms
from apps.scheduling.rules import Availability
from opd.demo.hospital import Hospital, NewDoctor
from opd.demo.names import name_in_languages
from opd.demo.templates import TEMPLATES
from opd.simulation.people import Person

VIA = "demo"
"""What the audit trail says of everything that is loaded."""

SINCE = date(2000, 1, 1)
"""From when on the loaded prices hold."""

USUAL: tuple[dict[str, Any], ...] = (
    {"medicine": "Paracetamol 500 mg tablet", "frequency": "1-1-1", "days": 3, "instructions": "after food"},
    {"medicine": "Cetirizine 10 mg tablet", "frequency": "0-0-1", "days": 5},
    {"medicine": "Amoxicillin 500 mg capsule", "frequency": "1-1-1", "days": 5, "instructions": "after food"},
    {"medicine": "Pantoprazole 40 mg tablet", "frequency": "1-0-0", "days": 7, "instructions": "before food"},
    {"medicine": "Metformin 500 mg tablet", "frequency": "1-0-1", "days": 30, "instructions": "after food"},
)
"""What every doctor of a demo prescribes often."""

LOADED = "facility.loaded"
"""The audit entry that says that a loading is complete."""


def load(hospital: Hospital, now: datetime, password: str) -> FacilityFacts:
    """Make a hospital; everybody signs in with the same password.

    A loading that was broken off is finished by the next one. Once it is complete nothing is made again: what
    people change or take away afterwards stays so.
    """
    facility = facility_by_code(hospital.code) or open_facility(
        actor=system_actor(VIA),
        now=now,
        name=hospital.name,
        code=hospital.code,
        address=hospital.address,
        phone=hospital.phone,
        position=hospital.position,
    )
    if not entries(facility.id, entity_type="facility").filter(action=LOADED).exists():
        with scope(facility=facility.id):
            _Load(hospital, facility.id, now, password).everything()
        _mark_loaded(actor=system_actor(VIA, facility.id), now=now, facility_id=facility.id)
    return facility


@command
def _mark_loaded(*, actor: Actor, now: datetime, facility_id: UUID) -> None:
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    record(action=LOADED, entity_type="facility", entity_id=facility_id)


class _Load:
    """One loading, with what its steps share."""

    def __init__(self, hospital: Hospital, facility_id: UUID, now: datetime, password: str) -> None:
        self.hospital = hospital
        self.facility_id = facility_id
        self.now = now
        self.password = password

    def everything(self) -> None:
        """In the order in which one thing needs another."""
        self.employ()
        self.admin = staff_actor(self.hospital.address_of(self.hospital.account_of(Role.ADMIN)), via=VIA)
        self.open_departments()
        self.furnish()
        for doctor in self.hospital.doctors:
            self.hire(doctor)
        self.name_visit_types()
        self.set_prices()
        self.ask_first()
        self.write_hours()
        self.set_up_counters()
        self.write_kinds_of_visit()
        self.write_triage_rules()
        self.hang_boards()
        name_in_languages(actor=self.admin, now=self.now, facility_id=self.facility_id)
        self.register_patients()

    def employ(self) -> None:
        """Accounts of everybody who serves all departments."""
        for person in self.hospital.staff:
            staff_id = self._account(person.account, person.name, person.role, all_departments=True)
            if person.secret and authenticator_of(staff_id) is None:
                hand_out_second_factor(
                    actor=system_actor(VIA, self.facility_id), now=self.now, staff_id=staff_id, secret=person.secret
                )

    def open_departments(self) -> None:
        """The departments, each with the usual queue policy."""
        known = {department.code for department in departments()}
        for new in self.hospital.departments:
            if new.code not in known:
                create_department(
                    actor=self.admin, now=self.now, code=new.code, letter=new.letter, name=new.name, kind=new.kind
                )
        self.departments: dict[str, UUID] = {department.code: department.id for department in departments()}

    def furnish(self) -> None:
        """The rooms."""
        known = {room.number for room in rooms()}
        make = _model("scheduling.Room")
        self._add(
            make(facility_id=self.facility_id, number=room.number, symbol=room.symbol, hall=room.hall)
            for room in self.hospital.rooms
            if room.number not in known
        )
        self.rooms: dict[str, UUID] = {room.number: room.id for room in rooms()}

    def hire(self, new: NewDoctor) -> None:
        """A doctor with an account and a room."""
        department_id = self.departments[new.department]
        staff_id = self._account(new.account, new.name, Role.DOCTOR, department_ids=[department_id])
        doctor = doctors().filter(staff_id=staff_id).first() or register_doctor(
            actor=self.admin,
            now=self.now,
            name=new.name,
            license_number=new.licence,
            department_ids=[department_id],
            staff_id=staff_id,
            room_id=self.rooms[new.room],
            specialization=next(d.name for d in self.hospital.departments if d.code == new.department),
            qualifications=new.qualifications,
            experience_years=new.experience_years,
            average_consultation_minutes=new.average,
            working_days=list(new.working_days),
        )
        if self.hospital.doctors_at_work and doctor.availability == Availability.OFFLINE:
            set_availability(actor=self.admin, now=self.now, doctor_id=doctor.id, status=Availability.AVAILABLE)

    def write_hours(self) -> None:
        """When each doctor sees people, and the slots of the coming weeks."""
        hours, model = self.hospital.hours, _model("scheduling.SlotTemplate")
        if hours is None or model._default_manager.exists():
            return
        self._add(
            model(
                facility_id=self.facility_id,
                doctor_id=doctor.id,
                department_id=doctor.department_ids[0],
                weekday=weekday,
                starts=hours.starts,
                ends=hours.ends,
                capacity=hours.capacity,
                walk_in_percent=hours.walk_in_percent,
            )
            for doctor in doctors()
            for weekday in range(7)
        )
        actor = system_actor(VIA, self.facility_id)
        make_slots(actor=actor, now=self.now, facility_id=self.facility_id, days=hours.days)

    def name_visit_types(self) -> None:
        """What people come for, and how long it takes."""
        kinds, own = _model("scheduling.VisitType"), _model("scheduling.OwnLength")
        if kinds._default_manager.exists():
            return
        by_account = {new.account: new for new in self.hospital.doctors}
        for new in self.hospital.visit_types:
            rows = [
                kinds(
                    facility_id=self.facility_id,
                    department_id=self.departments[code],
                    name=new.name,
                    minutes=new.minutes,
                    by_patients=new.by_patients,
                )
                for code in new.departments
            ]
            self._add(rows)
            of = dict(zip(new.departments, rows, strict=True))
            self._add(
                own(doctor=self._doctor(account), visit_type=of[by_account[account].department], minutes=minutes)
                for account, minutes in new.with_doctors.items()
            )

    def set_prices(self) -> None:
        """What visits cost, since long before anybody came."""
        price, types = _model("billing.Price"), _model("scheduling.VisitType")._default_manager
        if price._default_manager.exists():
            return
        self._add(
            price(
                facility_id=self.facility_id,
                department_id=self.departments[new.department],
                doctor=self._doctor(new.account) if new.account else None,
                visit_type=types.filter(department_id=self.departments[new.department], name=new.visit_type).first()
                if new.visit_type
                else None,
                amount=new.amount,
                revisit_days=new.revisit_days,
                paid_priority=new.paid_priority,
                valid_from=SINCE,
            )
            for new in self.hospital.prices
        )

    def set_up_counters(self) -> None:
        """The counters, open from the start like the doctors."""
        known = {counter.name for counter in counters()}
        make = _model("scheduling.Counter")
        opened = Availability.AVAILABLE if self.hospital.doctors_at_work else Availability.OFFLINE
        self._add(
            make(
                facility_id=self.facility_id,
                name=new.name,
                department_id=self.departments[new.department],
                room_id=self.rooms[new.room],
                availability=opened,
            )
            for new in self.hospital.counters
            if new.name not in known
        )

    def write_kinds_of_visit(self) -> None:
        """Through which stations each journey leads."""
        known = {row["name"] for row in kinds_of_visit()}
        for new in self.hospital.kinds:
            if new.name not in known:
                stations = [
                    (step, self.departments[code] if code else None)
                    for step, codes in enumerate(new.steps, start=1)
                    for code in codes
                ]
                types = _model("scheduling.VisitType")._default_manager.filter(name__in=new.usual_for)
                usual = Usual(visit_types=frozenset(types.values_list("id", flat=True)))
                change_template(actor=self.admin, now=self.now, name=new.name, stations=stations, usual_for=usual)

    def ask_first(self) -> None:
        """The departments that offer a freed place before it is somebody's."""
        policy = _model("scheduling.AllocationPolicy")
        known = set(policy._default_manager.values_list("department_id", flat=True))
        wanted = {self.departments[code] for code in self.hospital.asks_first} - known
        self._add(policy(facility_id=self.facility_id, department_id=id_, asks_first=True) for id_ in sorted(wanted))

    def write_triage_rules(self) -> None:
        """What makes a visit urgent."""
        rule = _model("queue.TriageRule")
        known = set(rule._default_manager.values_list("department_id", "phrase"))
        wanted = [
            (self.departments[code] if code else None, phrase)
            for code, phrases in self.hospital.triage.items()
            for phrase in phrases
        ]
        self._add(
            rule(facility_id=self.facility_id, department_id=department_id, phrase=phrase)
            for department_id, phrase in wanted
            if (department_id, phrase) not in known
        )

    def hang_boards(self) -> None:
        """The boards of the waiting halls."""
        board = _model("display.Board")
        known = set(board._default_manager.values_list("slug", flat=True))
        for new in self.hospital.boards:
            if new.slug not in known:
                row = board(facility_id=self.facility_id, slug=new.slug, name=new.name, open_to_all=new.open_to_all)
                shown = [self.departments[code] for code in new.departments]
                _add_masters(actor=self.admin, now=self.now, rows=[row], departments=shown)

    def register_patients(self) -> None:
        """The people who have a record from the start, found again by their phone."""
        desk = staff_actor(self.hospital.address_of(self.hospital.account_of(Role.RECEPTION)), via=VIA)
        for person in self.hospital.patients:
            if not search(person.phone, desk).exists():
                enrol(desk, self.now, person)
        self.note_health()
        self.stock()

    def stock(self) -> None:
        """Medicines, what does not go together, tests, codes, and what each doctor prescribes often."""
        told: dict[str, Any] = {"actor": system_actor(VIA, self.facility_id), "now": self.now}
        take_in_medicines(**told, rows=table(MEDICINES))
        take_in_interactions(**told, rows=table(INTERACTIONS))
        take_in_investigations(**told, rows=table(INVESTIGATIONS))
        take_in_diets(**told, rows=table(DIETS))
        take_in_diagnoses(**told, rows=table(DIAGNOSES), common=True)
        self.price_tests()
        favourite = _model("encounters.Favourite")
        self._add(
            favourite(facility_id=self.facility_id, doctor_id=doctor.id, kept_at=self.now, **line)
            for doctor in doctors()
            if not favourites_of(doctor.id)
            for line in USUAL
        )
        self.write_templates()

    def write_templates(self) -> None:
        """Each doctor's own templates, kept by themselves."""
        for new in self.hospital.doctors:
            doctor = self._doctor(new.account)
            known = {row.name for row in templates_of(doctor.id)}
            actor = staff_actor(self.hospital.address_of(new.account), via=VIA)
            for template in TEMPLATES.get(new.department, ()):
                if template["name"] not in known:
                    make_template(actor=actor, now=self.now, **template)

    def price_tests(self) -> None:
        """What the tests cost: all of one department the same. Medicines are not sold here."""
        price: Any = _model("billing.ThingPrice")
        tests: Any = _model("encounters.Investigation")._default_manager.all()
        if price._default_manager.exists():
            return
        costs = {self.departments[code]: amount for code, amount in self.hospital.test_prices}
        services = {test.service: costs[test.department_id] for test in tests if test.department_id in costs}
        price._default_manager.bulk_create(
            price(facility_id=self.facility_id, kind="test", service=name, amount=amount, valid_from=SINCE)
            for name, amount in services.items()
        )

    def note_health(self) -> None:
        """Allergies and long-term conditions of the first few people."""
        nurse = staff_actor(self.hospital.address_of(self.hospital.account_of(Role.NURSE)), via=VIA)
        for person, facts in zip(self.hospital.patients, self.hospital.health, strict=False):
            known = search(person.phone, nurse).first()
            if known is None or health_facts(known.id, only_active=False).exists():
                continue
            for kind, what, severity in facts:
                note_health_fact(
                    actor=nurse, now=self.now, patient_id=known.id, kind=kind, what=what, severity=severity
                )

    def _doctor(self, account: str) -> Any:
        staff = staff_by_email(self.hospital.address_of(account))
        assert staff is not None, "doctors are hired before anything is said of them"
        return doctors().get(staff_id=staff.id)

    def _account(
        self, account: str, name: str, role: Role, *, all_departments: bool = False, department_ids: Any = None
    ) -> UUID:
        known = staff_by_email(self.hospital.address_of(account))
        if known:
            return known.id
        return register_staff(
            actor=system_actor(VIA, self.facility_id),
            now=self.now,
            email=self.hospital.address_of(account),
            name=name,
            role=role,
            password=self.password,
            facility_id=self.facility_id,
            all_departments=all_departments,
            department_ids=department_ids,
        )

    def _add(self, rows: Iterable[models.Model]) -> None:
        _add_masters(actor=self.admin, now=self.now, rows=list(rows))


def enrol(actor: Actor, now: datetime, person: Person) -> Any:
    """Register an invented person at the desk."""
    return register(
        actor=actor,
        now=now,
        name=person.name,
        sex=person.sex,
        age=person.age,
        phone=person.phone,
        pregnant=person.pregnant,
        disabled=person.disabled,
        language=person.language,
    )


@command
def _add_masters(*, actor: Actor, now: datetime, rows: list[models.Model], departments: Sequence[UUID] = ()) -> None:
    """Save rows of plain master data, each with its audit row, as the admin pages do; boards with departments."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    for row in rows:
        row.full_clean()
        row.save(force_insert=True)
        entity = str(row._meta.model_name)
        record(action=f"{entity}.created", entity_type=entity, entity_id=row.pk, after=values_of(row))
        if departments:
            row.departments.set(departments)  # type: ignore[attr-defined]


def _model(label: str) -> type[models.Model]:
    return apps.get_model(label)
