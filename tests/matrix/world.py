"""The hospital of the matrix, the one next door, and everybody who asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from apps.accounts.commands import enter, issue_restore
from apps.accounts.models import Credential, Staff, StaffDevice
from apps.accounts.queries.actors import SESSION_KEY
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.devices import ShownDevice
from apps.billing.models import (
    DiscountLimit,
    GatewayEvent,
    GatewayRefund,
    Invoice,
    InvoiceLine,
    Prepayment,
    RefundDue,
    ThingPrice,
)
from apps.core.commands import command
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, Role, system_actor
from apps.display.commands import record_clip
from apps.display.models import Board
from apps.encounters.commands import complete
from apps.encounters.commands.templating import make_template
from apps.encounters.models import DietPlan, Investigation, Order
from apps.encounters.rules.investigations import OrderState
from apps.notifications.models import Message
from apps.notifications.queries import newest_messages
from apps.patients.commands import break_glass, note_health_fact, request_code, sign_in_by_code
from apps.patients.models import Patient
from apps.patients.rules.health import FactKind
from apps.patients.rules.identifiers import IdentifierKind
from apps.queue import commands
from apps.queue.models import HelpCall, JourneyTemplate, TriageRule, Visit
from apps.queue.rules.states import State
from apps.scheduling.models import ClosedDay, Counter, Department, Doctor, Leave, Room, Slot, SlotTemplate
from tests.billing.till import Till, price
from tests.bookings import book, hold, open_slot
from tests.cast import app_code
from tests.display.hall import paired_screen
from tests.factories import PASSWORD, encoded
from tests.stations import add_station
from tests.ward import Ward, came, open_ward


class Principal(StrEnum):
    """Everybody who asks."""

    ANONYMOUS = "anonymous"
    PATIENT = "patient"
    OTHER_PATIENT = "other patient"
    DOCTOR = "doctor"
    OTHER_DOCTOR = "other doctor"
    RECEPTION = "reception"
    NURSE = "nurse"
    ADMIN = "admin"
    KIOSK = "kiosk"
    LINK = "link holder"


class Where(StrEnum):
    """Where what is asked about belongs: to most principals' department, another one's, another hospital's."""

    HERE = "here"
    THERE = "there"
    AWAY = "away"


class Kind(StrEnum):
    """What a canary sits on. Those of a person first, then those of a house, which are told within it."""

    NAME = "name"
    UHID = "uhid"
    PHONE = "phone"
    ADDRESS = "address"
    IDENTIFIER = "identifier"
    SYMPTOM = "symptom"
    REASON = "reason"
    PRESCRIPTION = "prescription"
    HEALTH = "health"
    HOSPITAL = "hospital"
    DEPARTMENT = "department"
    DOCTOR = "doctor's name"
    STAFF = "staff"
    ROOM = "room"
    BOARD = "board"
    RULE = "triage rule"


@dataclass
class Place:
    """One department with everything that can be asked about."""

    where: Where
    ward: Ward
    department: Department
    doctor: Doctor
    patient: Any
    visit: UUID
    scanned: UUID
    board: Board
    rule: TriageRule
    event: UUID
    session: UUID
    device: UUID
    tracking_token: str
    tracking_code: str
    restore_secret: str
    screen: UUID
    screen_secret: str
    canaries: dict[Kind, str]
    recording: UUID
    access: UUID = field(default_factory=uuid4)
    """An emergency access of an hour ago, by the doctor."""
    about: UUID = field(default_factory=uuid4)
    """The visit that is asked about."""
    booked: dict[str, str] = field(default_factory=dict)
    """By the words of the table: a full slot, a free one, who has the place and who waits for it."""

    @property
    def rao(self) -> Actor:
        """The doctor of this place."""
        return self.ward.as_doctor(self.doctor)

    @contextmanager
    def open(self) -> Iterator[datetime]:
        """The place's hospital, now."""
        with scope(facility=self.ward.facility.id):
            yield timezone.now()

    def bring(self, state: State) -> None:
        """Let the visit that is asked about come into a state, by the commands that bring it there."""
        self.about = self.scanned if state is State.SCANNED else self.visit
        with self.open() as now:
            for step in _WAYS[state]:
                step(self, now)

    def words(self) -> dict[str, str]:
        """What stands for the `{words}` of the table, and for the parameters of addresses."""
        with self.open():
            version = Visit.objects.values_list("version", flat=True).get(id=self.about)
            counter = Counter.objects.get(department__code="LAB")
            template = JourneyTemplate.objects.get()
        return {
            "facility": str(self.ward.facility.id),
            "department": str(self.department.id),
            "department_id": str(self.department.id),
            "doctor": str(self.doctor.id),
            "doctor_id": str(self.doctor.id),
            "room": str(self.doctor.room_id),
            "patient": str(self.patient.id),
            "patient_id": str(self.patient.id),
            "uhid": self.patient.uhid,
            "last4": self.canaries[Kind.PHONE][-4:],
            "visit": str(self.about),
            "visit_id": str(self.about),
            "version": str(version),
            "board": str(self.board.id),
            "screen_id": str(self.screen),
            "recording_id": str(self.recording),
            "slug": self.board.slug,
            "rule": str(self.rule.id),
            "staff": str(self.doctor.staff_id),
            "staff_id": str(self.doctor.staff_id),
            "session_id": str(self.session),
            "device_id": str(self.device),
            "event_id": str(self.event),
            "access_id": str(self.access),
            "code": self.tracking_code,
            "restore": self.restore_secret,
            "object_id": str(self.department.id),
            "counter": str(counter.id),
            "counter_id": str(counter.id),
            "laboratory": str(counter.department_id),
            "template": str(template.id),
            "template_id": str(template.id),
        } | self.booked

    def checkin_link(self) -> str:
        """A fresh code of the hall."""
        with self.open() as now:
            return _checkin_link(self.ward, self.department, now, printed=False)


def _call(place: Place, now: datetime) -> None:
    commands.call(actor=place.rao, now=now, visit_id=place.about, doctor_id=place.doctor.id)


def _start(place: Place, now: datetime) -> None:
    commands.start(actor=place.rao, now=now, visit_id=place.about)


def _complete(place: Place, now: datetime) -> None:
    text = place.canaries[Kind.PRESCRIPTION]
    complete(actor=place.rao, now=now, visit_id=place.about, prescription_text=text, note={"assessment": text})


def _hold(place: Place, now: datetime) -> None:
    reason = place.canaries[Kind.REASON]
    commands.hold(actor=place.rao, now=now, visit_id=place.about, reason=reason)


def _urge(place: Place, now: datetime) -> None:
    reason = place.canaries[Kind.REASON]
    commands.triage_up(actor=place.rao, now=now, visit_id=place.about, reason=reason)


_WAYS: dict[State, list[Any]] = {
    State.WAITING: [],
    State.SCANNED: [],
    State.URGENT: [_urge],
    State.CALLED: [_call],
    State.IN_CONSULTATION: [_call, _start],
    State.ON_HOLD: [_hold],
    State.COMPLETED: [_call, _start, _complete],
}


@dataclass
class Key:
    """By what a principal is recognised: a cookie where there are pages, a bearer token elsewhere."""

    cookies: SimpleCookie
    bearer: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}


@dataclass
class World:
    """Three places and ten principals."""

    places: dict[Where, Place]
    keys: dict[Principal, Key]
    written: dict[str, int] = field(default_factory=dict)
    """What had been written before the present request: see `writes`."""
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def ask(self, who: Principal, method: str, address: str, body: Any, **headers: str) -> Any:
        """The answer to one request, as the API's clients send it, or as a browser sends a form."""
        key = self.keys[who]
        by_api = address.startswith("/api/v1/")
        self.client.cookies = SimpleCookie() if by_api else SimpleCookie(key.cookies.output(header="", sep=";"))
        sent = headers | (key.headers if by_api else {})
        if body is None or method in ("GET", "HEAD"):
            return self.client.generic(method, address, headers=sent)
        kind = "application/json" if by_api else "application/x-www-form-urlencoded"
        return self.client.generic(method, address, body, content_type=kind, headers=sent)

    def shown(self, text: str) -> set[tuple[Where, Kind]]:
        """The canaries in a text. Phones are found however they are spaced."""
        close = text.replace(" ", "").replace("-", "")
        return {
            (place.where, kind)
            for place in self.places.values()
            for kind, canary in place.canaries.items()
            if canary in text or (kind is Kind.PHONE and canary in close)
        }


@contextmanager
def kept_back() -> Iterator[None]:
    """What is done inside is undone afterwards. Commands take it for the outermost place, as in any test."""
    atomic = transaction.atomic()
    atomic._from_testcase = True
    with atomic:
        yield
        transaction.set_rollback(True)


def writes(*, audit: bool = False) -> dict[str, int]:
    """By table, the rows that this transaction has tried to write so far, undone ones included. It only grows. Without
    the audit trail, in which a refusal is noted too, unless that is asked for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(pg_partition_root(oid)::oid, oid)::regclass::text,"
            " sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)"
            " + pg_stat_get_xact_tuples_deleted(oid)) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND (%s OR relname !~ '^audit_') GROUP BY 1",
            [audit],
        )
        return dict(cursor.fetchall())


@contextmanager
def open_world() -> Iterator[World]:
    """Build it all, by the real commands."""
    with open_ward(code="ZQAW", departments=1, doctors=1) as ward:
        _stations(ward)
        away = _furnish(ward, ward.departments[0], Where.AWAY, "Xyventhal", 3)
        _rename(away)
    with open_ward(code="ZQHM", departments=2, doctors=2) as ward:
        _stations(ward)
        here = _furnish(ward, ward.departments[0], Where.HERE, "Zarapkar", 1)
        there = _furnish(ward, ward.departments[1], Where.THERE, "Quillonde", 2)
    places = {place.where: place for place in (here, there, away)}
    yield World(places, _keys(here, there))


def _stations(ward: Ward) -> None:
    """A laboratory with a counter, and a kind of visit."""
    ward.keep_real_time()
    add_station(ward, "LAB")
    commands.change_template(actor=ward.admin, now=timezone.now(), name="Round", stations=[(1, None)])


def _furnish(ward: Ward, department: Department, where: Where, word: str, number: int) -> Place:
    """People in every corner of a department, each thing of theirs with its canary."""
    now = ward.now = timezone.now()
    doctor = next(d for d in ward.doctors if d.departments.filter(id=department.id).exists())
    canaries = {
        Kind.NAME: word,
        Kind.PHONE: f"981112222{number}",
        Kind.ADDRESS: f"{word}patti street",
        Kind.IDENTIFIER: f"ZZ99{number}4471",
        Kind.SYMPTOM: f"ache-{word.lower()}",
        Kind.REASON: f"because-{word.lower()}",
        Kind.PRESCRIPTION: f"{word.lower()}mycin",
        Kind.HEALTH: f"{word.lower()}pollen",
    }
    patient = ward.register(
        name=f"{word} Devi",
        phone=f"+91{canaries[Kind.PHONE]}",
        address=canaries[Kind.ADDRESS],
        identifiers=[(IdentifierKind.NATIONAL_ID, canaries[Kind.IDENTIFIER])],
    )
    canaries[Kind.UHID] = patient.uhid
    board = Board.objects.create(facility=ward.facility, slug=f"hall-{word.lower()}", name=f"Hall {number}")
    board.departments.set([department])
    rule = TriageRule.objects.create(facility=ward.facility, department=department, phrase=f"burning {number}")
    Doctor.objects.filter(id=doctor.id).update(working_days=[0, 1, 2, 3, 4, 5])
    place = Place(
        where=where, ward=ward, department=department, doctor=doctor, patient=patient, visit=uuid4(), scanned=uuid4(),
        board=board, rule=rule, event=_parked(ward, department), tracking_token="", tracking_code="",
        restore_secret="", screen=uuid4(), screen_secret="", recording=uuid4(), canaries=canaries,
        **_tablet(doctor, now),
    )  # fmt: skip
    _seen_before(place, now)
    place.access = break_glass(
        actor=place.rao, now=now - timedelta(hours=1), patient_id=patient.id, reason=canaries[Kind.REASON]
    ).id
    arrived = _check_in(place, now)
    place.visit = place.about = arrived.visit.id
    place.tracking_token, place.tracking_code = arrived.tracking_token, arrived.tracking_code
    place.restore_secret = _let_back(actor=ward.meera, now=now, visit_id=place.visit, patient_id=patient.id)
    place.scanned = _scan(place, f"{word} Kumar", now)
    screen, credential = paired_screen(ward.admin, board)
    place.screen, place.screen_secret = credential.id, screen.cookies[settings.SCREEN_COOKIE_NAME].value
    place.recording = record_clip(actor=ward.admin, now=now, language="en", clip=f"number-{number}", content=b"OggS").id
    place.booked = _booked(place, f"{word} Rani")
    place.booked |= _billed(place, f"{word} Pal") | _ordered(place) | _templates(place)
    return place


def _allergic(place: Place) -> UUID:
    """Something of the patient's health is noted; the substance is a canary."""
    fact = note_health_fact(
        actor=place.rao, now=place.ward.now, patient_id=place.patient.id, kind=FactKind.ALLERGY,
        what=place.canaries[Kind.HEALTH], severity="severe",
    )  # fmt: skip
    return fact.id


def _templates(place: Place) -> dict[str, str]:
    """What the doctor writes again and again."""
    about: dict[str, Any] = {"note": {"plan": "Rest"}, "diagnoses": [], "items": [], "tests": []}
    kept = make_template(actor=place.rao, now=place.ward.now, name=f"Template {place.where}", **about)
    return {"visit_template_id": str(kept.id)}


def _ordered(place: Place) -> dict[str, str]:
    """A test of the laboratory, and two of them ordered on the visit that is asked about: one with a result."""
    ward, about = place.ward, {"facility": place.ward.facility, "department": Department.objects.get(code="LAB")}
    ids = {}
    for name, state in (("order_id", OrderState.ORDERED), ("reported", OrderState.DONE), ("lab_test", "")):
        test = Investigation.objects.create(code=f"{name}{place.where}", name=f"{name}{place.where}", **about)
        ids[name] = str(test.id)
        if state:
            done = state == OrderState.DONE
            order = Order.objects.create(
                visit_id=place.visit, patient=place.patient, doctor=place.doctor, investigation=test, state=state,
                ordered_at=ward.now, ordered_by_id=place.rao.id, reported=int(done), **about,
            )  # fmt: skip
            ids[name] = str(order.id)
    return ids


def _billed(place: Place, name: str) -> dict[str, str]:
    """A price, a test; the draft of one visit, the invoice of another with a payment and a refund that was refused."""
    ward, own = place.ward, {"department": place.department}
    listed = price(ward, **own)
    limit, _ = DiscountLimit.objects.get_or_create(facility=ward.facility, role="NURSE", most_percent=0)
    till = Till(ward, ward.admin)
    draft = till.draft(ward.arrive(ward.register(name=name), place.department))
    issued = till.issued(ward.arrive(ward.register(name=name), place.department))
    payment = till.pay(issued, "100.00")
    refund = till.refund(payment, "1.00")
    GatewayRefund.objects.create(facility=ward.facility, refund=refund, state="FAILED", next_at=ward.now)
    test = Investigation.objects.create(
        facility=ward.facility, code=f"CBC{place.where}", name="Blood count", service="CBC", department=place.department
    )
    due = RefundDue.objects.create(
        facility=ward.facility, payment=till.pay(issued, "50.00"), appointment_id=UUID(place.booked["booking_id"]),
        percent=100, amount=Decimal("50.00"), due_at=ward.now,
    )  # fmt: skip
    thing = ThingPrice.objects.create(
        facility=ward.facility,
        kind="test",
        service=f"CBC{place.where}",
        amount=Decimal("5"),
        valid_from=ward.now.date(),
    )
    unpriced = till.draft(ward.arrive(ward.register(name=name), place.department))
    line = InvoiceLine.objects.create(invoice=unpriced, description="X-ray", unit_price=None, total=0)
    told = GatewayEvent.objects.create(
        event_id=str(uuid4()), facility_id=ward.facility.id, kind="captured", paise=100, received_at=ward.now,
        settled_at=ward.now, fault="paid_twice",
    )  # fmt: skip
    diet = DietPlan.objects.create(
        facility=ward.facility, code=f"soft-{place.where}", language="en", name="Soft", text="Rice"
    )
    return {
        "diet": str(diet.id),
        "investigation": str(test.id),
        "due_id": str(due.id),
        "unpriced_id": str(unpriced.id),
        "line_id": str(line.id),
        "told": str(told.id),
        "wish_id": str(_wish(place)),
        "price": str(listed.id),
        "thing": str(thing.id),
        "limit": str(limit.id),
        "invoice_id": str(draft.id),
        "issued_id": str(issued.id),
        "own_bill": str(till.issued(Visit.objects.get(id=place.visit)).id),
        "payment_id": str(payment.id),
        "refund_id": str(refund.id),
    }


def _wish(place: Place) -> UUID:
    """A place of paid priority that the patient has not paid for."""
    ward = place.ward
    draft = Invoice.objects.create(
        facility=ward.facility, patient=place.patient, department=place.department, day=ward.now.date(),
        currency="INR", status="DRAFT", made_at=ward.now,
    )  # fmt: skip
    slot = Slot.objects.get(id=place.booked["slot_id"])
    wish = Prepayment.objects.create(
        facility=ward.facility, invoice=draft, patient=place.patient, doctor=place.doctor,
        department=place.department, slot=slot, day=slot.day, state="WAITS", made_at=ward.now,
        expires_at=ward.now + timedelta(minutes=30),
    )  # fmt: skip
    return wish.id


def _asks_for_help(ward: Ward) -> UUID:
    """Somebody at a kiosk asks for a person."""
    call = HelpCall(facility=ward.facility, screen_id=uuid4(), place="Hall", asked_at=ward.now)
    call.save(force_insert=True)
    return call.id


def _given_up(ward: Ward) -> UUID:
    """A message that could not be sent."""
    row = Message(
        created_at=ward.now, facility_id=ward.facility.id, kind="delay", channel="sms", recipient="+919800000000",
        recipient_index="", text="late", language="en", dedupe_key=str(uuid4()), status="failed", next_try_at=ward.now,
    )  # fmt: skip
    row.save(force_insert=True)
    return row.id


def _booked(place: Place, name: str) -> dict[str, str]:
    """A full slot of tomorrow, who has the place and who waits for it; a free slot of a later day; hours."""
    ward, own = place.ward, {"doctor": place.doctor, "department": place.department, "capacity": 1}
    full, free = open_slot(ward, 24, **own), open_slot(ward, 72, **own)
    booking = book(ward, full, patient=place.patient, doctor_id=place.doctor.id).appointment
    waiting = book(ward, full, patient=ward.register(name=name), doctor_id=place.doctor.id).waiting
    held = hold(ward, open_slot(ward, 96, **own), patient=ward.register(name=name))
    later = open_slot(ward, 120, **own)
    book(ward, later, patient=ward.register(name=name), doctor_id=place.doctor.id)
    own_waiting = book(ward, later, patient=place.patient, doctor_id=place.doctor.id).waiting
    hours = SlotTemplate.objects.create(
        facility=ward.facility,
        doctor=place.doctor,
        department=place.department,
        weekday=0,
        starts=time(9),
        ends=time(12),
    )
    gone = open_slot(ward, 48, **own)
    stranded = book(ward, gone, patient=place.patient, doctor_id=place.doctor.id).appointment
    Slot.objects.filter(id=gone.id).update(closed_at=ward.now)
    starts = ward.now + timedelta(days=40)
    leave = Leave.objects.create(
        facility=ward.facility,
        doctor=place.doctor,
        starts_at=starts,
        ends_at=starts + timedelta(days=1),
        reason=place.canaries[Kind.REASON],
        taken_at=ward.now,
    )
    closed = ClosedDay.objects.create(facility=ward.facility, day=full.day + timedelta(days=30), reason="Holiday")
    nameless = ward.register(name=name)
    Patient.objects.filter(id=nameless.id).update(provisional=True)
    return {
        "nameless": str(nameless.id),
        "fact_id": str(_allergic(place)),
        "help": str(_asks_for_help(ward)),
        "unsent": str(_given_up(ward)),
        "slot": str(full.id),
        "slot_id": str(full.id),
        "free_slot": str(free.id),
        "tomorrow": str(full.day),
        "booking_id": str(booking.id),
        "booking_code": booking.link[1],
        "waiting_id": str(waiting.id),
        "held_id": str(held.id),
        "own_waiting": str(own_waiting.id),
        "hours": str(hours.id),
        "closed_day": str(closed.id),
        "stranded": str(stranded.id),
        "leave_id": str(leave.id),
    }


def _tablet(doctor: Doctor, now: datetime) -> dict[str, UUID]:
    """The doctor is signed in on a tablet, too: the session and the device."""
    staff, tablet = Staff.objects.get(id=doctor.staff_id), ShownDevice("the doctor's own tablet", "Tablet")
    signed = enter(now=now, staff=staff, kind=CredentialKind.STAFF_SESSION, device=tablet)
    return {"session": signed.credential.family_id, "device": StaffDevice.objects.get(staff=staff).id}


def _seen_before(place: Place, now: datetime) -> None:
    """An earlier visit of today, with a prescription."""
    place.about = _check_in(place, now).visit.id
    for step in _WAYS[State.COMPLETED]:
        step(place, now)


def _check_in(place: Place, now: datetime) -> Any:
    return commands.check_in(
        actor=place.ward.admin, now=now, department_id=place.department.id, patient_id=place.patient.id,
        symptoms=[place.canaries[Kind.SYMPTOM]],
    )  # fmt: skip


def _scan(place: Place, name: str, now: datetime) -> UUID:
    """Somebody who checked in by a printed code and is still to be confirmed."""
    token = _checkin_link(place.ward, place.department, now, printed=True)
    arrived = commands.self_check_in(
        **came(token), now=now, department_id=place.department.id, name=name, age=40, symptoms=[]
    )
    return arrived.visit.id


def _checkin_link(ward: Ward, department: Department, now: datetime, *, printed: bool) -> str:
    token, _ = commands.create_checkin_link(
        actor=ward.admin, now=now, department_id=department.id, expires_in=3600, printed=printed
    )
    return token


@command
def _let_back(*, actor: Actor, now: datetime, visit_id: UUID, patient_id: UUID) -> str:
    """What a patient's own phone holds."""
    secret, _ = issue_restore(visit_id=visit_id, patient_id=patient_id, device_fingerprint="", now=now)
    return secret


def _parked(ward: Ward, department: Department) -> UUID:
    """An event that could not be delivered."""
    event = OutboxEvent.objects.create(
        occurred_at=ward.now, facility_id=ward.facility.id, stream=f"dept.{department.id}", sequence=1_000_000,
        type="visit.transitioned", actor={"type": "staff"}, trace_id="t", entity_type="visit", entity_id=uuid4(),
        entity_version=1, payload={}, parked_at=ward.now, error="RuntimeError",
    )  # fmt: skip
    return event.id


def _rename(away: Place) -> None:
    """The house next door has canaries of its own: nobody here is told of it."""
    away.canaries |= {
        Kind.HOSPITAL: "Xyvbrook Hospital",
        Kind.DEPARTMENT: "Xyvopathy",
        Kind.DOCTOR: "Dr Xyvmann",
        Kind.STAFF: "xyvstaff",
        Kind.ROOM: "Xyvwing",
        Kind.BOARD: "Xyvhall",
        Kind.RULE: "xyvpain",
    }
    facility, canaries = away.ward.facility, away.canaries
    type(facility).objects.filter(id=facility.id).update(name=canaries[Kind.HOSPITAL])
    Department.objects.filter(id=away.department.id).update(name=canaries[Kind.DEPARTMENT])
    Doctor.objects.filter(id=away.doctor.id).update(name=canaries[Kind.DOCTOR])
    Room.objects.filter(id=away.doctor.room_id).update(hall=canaries[Kind.ROOM])
    Board.objects.filter(id=away.board.id).update(name=canaries[Kind.BOARD])
    TriageRule.objects.filter(id=away.rule.id).update(phrase=canaries[Kind.RULE])
    for number, staff in enumerate(Staff.objects.filter(facility=facility)):
        staff.name, staff.email = f"{canaries[Kind.STAFF]} {number}", f"{canaries[Kind.STAFF]}{number}@away.test"
        staff.save(update_fields=["name", "email"])


def _keys(here: Place, there: Place) -> dict[Principal, Key]:
    """Everybody comes in, by the door that is theirs."""
    ward, at_desk = here.ward, [here.department]
    Staff.objects.filter(facility=ward.facility).update(password=encoded(PASSWORD))
    staff = {
        Principal.DOCTOR: here.rao,
        Principal.OTHER_DOCTOR: there.rao,
        Principal.RECEPTION: ward.as_role(Role.RECEPTION, at_desk),
        Principal.NURSE: ward.as_role(Role.NURSE, at_desk),
        Principal.ADMIN: ward.admin,
    }
    keys = {who: _staff_key(actor) for who, actor in staff.items()}
    keys[Principal.ANONYMOUS] = Key(SimpleCookie())
    keys[Principal.PATIENT] = _secret_key(_by_code(here))
    keys[Principal.OTHER_PATIENT] = _secret_key(_by_code(there))
    keys[Principal.LINK] = _secret_key(here.tracking_token)
    keys[Principal.KIOSK] = _screen_key(here.screen_secret)
    _never_seen_anew()
    return keys


def _by_code(place: Place) -> str:
    """What somebody holds who typed in the code that came to their phone."""
    now, phone = timezone.now(), f"+91{place.canaries[Kind.PHONE]}"
    request_code(actor=system_actor("test"), now=now, phone=phone, address="192.0.2.1", language="en")
    code = next(told["text"][-6:] for told in newest_messages() if told["to"] == phone)
    return sign_in_by_code(now=now, phone=phone, code=code, address="192.0.2.1").secret


def _staff_key(actor: Actor) -> Key:
    staff, now = Staff.objects.get(id=actor.id), timezone.now()
    with scope(facility=staff.facility_id):
        session, program = (
            enter(now=now, staff=staff, kind=kind, code=app_code(staff) if staff.role == Role.ADMIN else "")
            for kind in (CredentialKind.STAFF_SESSION, CredentialKind.STAFF_REFRESH)
        )
    return Key(_cookie(session.secret), program.access(now))


def _secret_key(secret: str) -> Key:
    return Key(_cookie(secret), secret)


def _cookie(secret: str) -> SimpleCookie:
    client = Client()
    session = client.session
    session[SESSION_KEY] = secret
    session.save()
    return SimpleCookie({settings.SESSION_COOKIE_NAME: session.session_key})


def _screen_key(secret: str) -> Key:
    """A screen's secret, in its own cookie and wherever else somebody might try it."""
    key = _secret_key(secret)
    key.cookies[settings.SCREEN_COOKIE_NAME] = secret
    return key


def _never_seen_anew() -> None:
    """That somebody was here is noted once a minute; it would look like something that a refused request wrote."""
    Credential.objects.update(last_seen_at=timezone.now() + timedelta(minutes=20))
