"""Puts what exists into generated requests, so that they get past the door and reach what lies behind it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4

from apps.accounts.models import Staff
from apps.accounts.rules.credentials import CredentialKind
from apps.patients.models import HealthFact, Patient
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.queries.visits import waiting_in
from apps.queue.rules.states import State
from apps.scheduling.models import Doctor, Slot, VisitType
from tests.factories import PASSWORD
from tests.fuzz.bookings import (
    another_slot,
    free_day,
    roomy_slot,
    some_leave,
    somebody_asked,
    somebody_booked,
    somebody_waiting,
)
from tests.fuzz.hospital import Asker, check_in_by_link
from tests.fuzz.orders import some_order, some_test
from tests.fuzz.papers import (
    LANGUAGE,
    MEASURED,
    WORDING,
    some_fact,
    some_invoice,
    some_payment,
    some_template,
    words_version,
    written_on,
)
from tests.fuzz.stations import AT, at_counter, some_journey, under_way
from tests.ward import Ward

NEEDED = {
    "call": State.WAITING,
    "call-next": State.WAITING,
    "recall": State.CALLED,
    "put-back": State.CALLED,
    "start": State.CALLED,
    "no-show": State.CALLED,
    "hold": State.WAITING,
    "resume": State.ON_HOLD,
    "cancel": State.WAITING,
    "confirm": State.SCANNED,
    "urgent": State.WAITING,
    "not-urgent": State.URGENT,
    "complete": State.IN_CONSULTATION,
    "transfer": State.WAITING,
    "tests": State.IN_CONSULTATION,
    "encounters": State.IN_CONSULTATION,
    "prescriptions": State.IN_CONSULTATION,
    "diagnoses": State.IN_CONSULTATION,
    "sign-off": State.IN_CONSULTATION,
    "addenda": State.IN_CONSULTATION,
    "orders": State.IN_CONSULTATION,
    "follow-up": State.IN_CONSULTATION,
    "referrals": State.IN_CONSULTATION,
    "diet-plans": State.IN_CONSULTATION,
    "fill-in-template": State.IN_CONSULTATION,
    "keep-as-template": State.IN_CONSULTATION,
}
"""The state in which somebody must be for the last word of an address to be done to them."""

FED = 0.8
"""How many of the values that could be real ones are."""

ELSEWHERE = 0.05
"""How many of the real visits are another hospital's."""


def action_of(path: str) -> str:
    """The last word of an address that names no thing."""
    return next(word for word in reversed(path.split("/")) if word[:1] != "{")


def is_at_counter(path: str) -> bool:
    """Whether an address is about somebody at a counter."""
    return "/counter/" in path


class Feeder:
    """Feeds one request of one asker; `luck` decides which values are real."""

    def __init__(self, asker: Asker, luck: Random, about: UUID | None = None, elsewhere: float = ELSEWHERE) -> None:
        self.asker = asker
        self.hospital = asker.hospital
        self.luck = luck
        self.about = about
        """The visit that the request is about; without one, somebody is brought into the state that fits."""
        self.elsewhere = elsewhere
        self.version: int | None = None
        """The version of what the request is about."""
        self.seen = 0
        """The version of the paper that it is about: a note, a bill, a hospital's own words."""
        self.fact: HealthFact | None = None
        """The fact of health that it is about."""
        self.at_counter = False
        """Whether it is about somebody at a counter."""

    def feed(self, case: Any) -> None:
        """Change a generated case in place: path first, since it says what the rest is about."""
        for made_up in [name for name in case.headers if self.luck.random() < FED]:
            del case.headers[made_up]
        action = action_of(case.operation.path)
        self.at_counter = is_at_counter(case.operation.path)
        values = self.known(action)
        for container in (case.path_parameters, case.query, case.body):
            if isinstance(container, dict):
                for name in sorted(set(container) & set(values)):
                    if self.luck.random() < FED:
                        container[name] = values[name]()
        if isinstance(case.body, dict) and self.luck.random() < FED:
            self._make_agree(case.body)

    def _make_agree(self, body: dict[str, Any]) -> None:
        """What must fit to something else: the version seen, one of age and birth date, an identifier to its kind."""
        if "expectedVersion" in body and self.version:
            body["expectedVersion"] = self.version
        elif "expectedVersion" in body:
            del body["expectedVersion"]
        if {"age", "birthDate"} <= set(body):
            del body["birthDate"]
        elif "sex" in body and not {"age", "birthDate"} & set(body):
            body["age"] = 34
        body.pop("identifiers", None)
        if "kind" in body and "value" in body:
            body |= {"kind": "national_id", "value": f"ID {self.luck.randrange(10**6):06}"}

    def headers(self) -> dict[str, str]:
        """Who asks; and at times the key of a request that may be repeated, sometimes one used before."""
        chance = self.luck.random()
        key = "once-and-again" if chance < 0.05 else f"{self.luck.random()}" if chance < 0.3 else ""
        return self.asker.headers() | ({"Idempotency-Key": key} if key else {})

    def known(self, action: str) -> dict[str, Callable[[], Any]]:
        """By name of parameter or field, how to come by a value that exists."""
        return self._known_people(action) | self._known_papers(action)

    def _known_papers(self, action: str) -> dict[str, Callable[[], Any]]:
        """What notes, measurements, bills and messages are about."""
        measured: dict[str, Callable[[], Any]] = {name: partial(str, value) for name, value in MEASURED.items()}
        found = [{"code": "", "text": "Viral fever"}]
        outcome: dict[str, Callable[[], Any]] = {"code": str, "departmentId": lambda: None, "diagnoses": lambda: found}
        outcome |= {"place": lambda: "0"}
        messages: dict[str, Callable[[], Any]] = {"name": self._wording, "language": lambda: LANGUAGE, "text": str}
        templates: dict[str, Callable[[], Any]] = {
            "visit_template_id": self._template,
            "templateId": self._template,
            "name": lambda: f"Template {self.luck.random()}",
        }
        return (
            measured
            | {
                "fact_id": lambda: str(self._fact().id),
                "invoice_id": lambda: self._invoice(action),
                "payment_id": self._payment,
                "amount": lambda: "1.00",
                "provider": lambda: "razorpay",
                "version": lambda: self.seen,
            }
            | (messages if action == "templates" else {})
            | (outcome if action in ("diagnoses", "referrals", "diet-plans", "visit-templates") else {})
            | (templates if action in ("visit-templates", "fill-in-template", "keep-as-template") else {})
        )

    def _known_people(self, action: str) -> dict[str, Callable[[], Any]]:
        """Who and what a visit, a booking or a sign-in is about."""
        ward = self.hospital.ward
        return {
            "department_id": lambda: str(self._department(action)),
            "department": lambda: str(ward.department.id),
            "departmentId": lambda: str(ward.department.id),
            "departments": lambda: [str(ward.department.id)],
            "doctor_id": self._doctor,
            "doctorId": lambda: self._called_for(action),
            "roomId": lambda: str(self.asker.works_for.room_id),
            "patient_id": self.hospital.somebody_new if action == "break-glass" else partial(self._patient, action),
            "patientId": self.hospital.somebody_unknown if action == "recognise" else self.hospital.somebody_new,
            "visit_id": lambda: self._visit(action),
            "visitId": lambda: self._visit(action),
            "booking_id": lambda: self._booking(action),
            "waiting_id": lambda: self._waiting(action),
            "slot_id": self._own_slot,
            "leave_id": self._leave,
            "counter_id": self._counter,
            "order_id": lambda: self._order(action),
            "tests": self._tests,
            "values": list,
            "visitTypeId": self._visit_type,
            "journeyId": self._journey,
            "help_id": lambda: str(self.hospital.asks_for_help()),
            "knownId": self.hospital.somebody_new,
            "departmentIds": lambda: [str(self.hospital.stations.department("LAB").id)],
            "backAt": lambda: (ward.now + timedelta(minutes=30)).isoformat(),
            "token": self._link,
            "slotStartTime": lambda: self._roomy().starts_at.isoformat(),
            "slotEndTime": lambda: self._roomy().ends_at.isoformat(),
            "session_id": self._session,
            "preferredSlotId": self._slot,
            "slotId": self._own_slot if action == "escalations" else self._slot,
            "appointmentTime": lambda: self._roomy().starts_at.isoformat(),
            "gracePeriod": lambda: 0,
            "date": lambda: self._roomy().day.isoformat(),
            "restoreToken": self._restore,
            "stream": self._stream,
            "signedCheckinToken": lambda: self.hospital.link(printed=self.luck.random() < 0.3),
            "refresh": self._refresh,
            "email": self._email,
            "password": lambda: PASSWORD,
            "currentPassword": lambda: PASSWORD,
            "newPassword": lambda: PASSWORD,
            "name": lambda: self.luck.choice(["Asha Devi", "முருகன்", "सीता देवी", "محمد رفیع"]),
            "address": lambda: "12, கடற்கரை சாலை",
            "birthDate": lambda: "1990-05-17",
            "phone": lambda: f"98{self.luck.randrange(10**8):08}",
            "code": lambda: f"N{self.luck.randrange(10**5):05}",
            "licenseNumber": lambda: f"L-{uuid4()}",
            "letter": lambda: self.luck.choice("STUVWXY"),
            "from": lambda: self._away()[0] if action in ("leave", "preview") else "2026-01-01",
            "to": lambda: self._away()[1] if action in ("leave", "preview") else "2199-12-31T23:59:59+05:30",
            "reason": lambda: "Brought in by ambulance",
            "entityType": lambda: "visit",
            "search": lambda: self.luck.choice(["Asha", "Person", "98765", "H1-000001-1"]),
        }

    def _visit(self, action: str) -> str:
        if self.luck.random() < self.elsewhere:
            return str(self.hospital.stranger)
        if self.asker.visit:
            return str(self.asker.own_visit())
        visit_id = self.about or self._ready(action)
        with self.hospital.open() as ward:
            visit = Visit.objects.get(id=visit_id)
            self.seen = written_on(ward, visit, action)
        self.version = visit.version
        return str(visit_id)

    def _ready(self, action: str) -> UUID:
        if self.at_counter or action in ("skip", "journey", "undo"):
            with self.hospital.open() as ward:
                return self._on_the_way(ward, action).id
        if action == "sign-off":
            self.hospital.stand(State.COMPLETED, self.asker.works_for)  # whose note may be signed already
        visit = self.hospital.stand(NEEDED.get(action, State.WAITING), self.asker.works_for)
        with self.hospital.open():
            if action == "call-next":
                visit = waiting_in(visit.department_id).filter(doctor=None)[0]
        return visit.id

    def _on_the_way(self, ward: Ward, action: str) -> Visit:
        if self.at_counter:
            return at_counter(self.hospital.stations, action)
        if action == "skip":
            return under_way(self.hospital.stations)
        visit = ward.arrive()
        if action == "undo":
            commands.hold(actor=self.asker.actor or ward.nurse, now=ward.now, visit_id=visit.id, reason="Blood test.")
        return visit

    def _counter(self) -> str:
        with self.hospital.open():
            at_counter(self.hospital.stations, "call-next")
            return str(self.hospital.stations.counters[AT].id)

    def _order(self, action: str) -> str:
        """A test that a doctor of the asker's ordered: with a result to look at, or still to be done."""
        with self.hospital.open() as ward:
            order = some_order(ward, self.asker.works_for, reported=action == "seen")
            self.seen = order.reported
            return str(order.id)

    def _template(self) -> str:
        with self.hospital.open() as ward:
            kept = some_template(ward, self.asker.works_for)
            self.seen = kept.version
            return str(kept.id)

    def _tests(self) -> list[str]:
        with self.hospital.open() as ward:
            return [some_test(ward).code]

    def _visit_type(self) -> str:
        with self.hospital.open():
            return str(VisitType.objects.get().id)

    def _journey(self) -> str:
        with self.hospital.open():
            return str(some_journey().id)

    def _called_for(self, action: str) -> str:
        """The asker's doctor, free to call if that is what they are asked to do."""
        if action == "call-next" and not self.about:
            self.hospital.stand(State.WAITING, self.asker.works_for)
        return str(self.asker.works_for.id)

    def _department(self, action: str) -> UUID:
        """The first one's queue is looked at; the others may be changed and closed."""
        departments = self.hospital.ward.departments
        return departments[0].id if action == "queue" else self.luck.choice(departments[1:]).id

    def _doctor(self) -> str:
        with self.hospital.open():
            doctor = Doctor.objects.get(id=self.asker.works_for.id)
        self.version = doctor.version
        return str(doctor.id)

    def _fact(self) -> HealthFact:
        if self.fact is None:
            with self.hospital.open() as ward:
                self.fact = some_fact(ward)
        return self.fact

    def _invoice(self, action: str) -> str:
        with self.hospital.open() as ward:
            invoice = some_invoice(ward, action)
        self.seen = invoice.version
        return str(invoice.id)

    def _payment(self) -> str:
        with self.hospital.open() as ward:
            return str(some_payment(ward).id)

    def _wording(self) -> str:
        self.seen = words_version()
        return WORDING

    def _patient(self, action: str) -> str:
        if action == "health":
            return str(self._fact().patient_id)
        with self.hospital.open():
            patient = self.luck.choice(list(Patient.objects.order_by("created_at")[:20]))
        self.version = patient.version
        return str(patient.id)

    def _booking(self, action: str) -> str:
        with self.hospital.open() as ward:
            booked = somebody_booked(ward, action)
        self.version = booked.version
        return str(booked.id)

    def _waiting(self, action: str) -> str:
        asked = action in ("accept", "decline")
        with self.hospital.open() as ward:
            return str((somebody_asked if asked else somebody_waiting)(ward).id)

    def _own_slot(self) -> str:
        with self.hospital.open() as ward:
            return str(another_slot(ward).id)

    def _leave(self) -> str:
        with self.hospital.open() as ward:
            return str(some_leave(ward, self.asker.works_for).id)

    def _away(self) -> tuple[str, str]:
        """A day that nobody has taken off yet."""
        with self.hospital.open() as ward:
            starts = free_day(ward)
        return starts.isoformat(), (starts + timedelta(hours=2)).isoformat()

    def _link(self) -> str:
        with self.hospital.open() as ward:
            return str(somebody_booked(ward, "").link[0])

    def _roomy(self) -> Slot:
        with self.hospital.open() as ward:
            return roomy_slot(ward, days=1)

    def _slot(self) -> str:
        return str(self._roomy().id)

    def _restore(self) -> str:
        with self.hospital.open() as ward:
            return str(check_in_by_link(ward).restore_token)

    def _session(self) -> str:
        """Where else the asker is signed in."""
        if self.asker.actor is None:
            return str(uuid4())
        signed_in = self.hospital.sign_in(self.asker.actor, CredentialKind.STAFF_REFRESH)
        return str(signed_in.credential.family_id)

    def _stream(self) -> str:
        ward, doctor = self.hospital.ward, self.asker.works_for
        streams = [f"dept.{ward.department.id}", f"doctor.{doctor.id}", f"desk.{ward.facility.id}"]
        return self.luck.choice([*streams, f"staff.{ward.department.id}", f"board.{self.hospital.board.id}"])

    def _refresh(self) -> str:
        return self.hospital.sign_in(self.hospital.ward.meera, CredentialKind.STAFF_REFRESH).secret

    def _email(self) -> str:
        return Staff.objects.values_list("email", flat=True).get(id=self.hospital.ward.nurse.id)
