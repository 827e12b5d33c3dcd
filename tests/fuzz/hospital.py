"""A hospital in which a request can get anywhere: people in every state, and somebody of every kind who asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.test import Client, override_settings
from django.utils import timezone
from django_scopes import scope

from apps.accounts.commands import SignedIn, enter, issue_patient_login
from apps.accounts.models import Credential, Staff
from apps.accounts.queries.actors import SESSION_KEY, hash_secret
from apps.accounts.rules.credentials import CredentialKind, ScreenUse
from apps.core.commands import command
from apps.core.policy import Actor, Role, system_actor
from apps.display.models import Board
from apps.encounters.models import SignedNote
from apps.patients.commands import break_glass
from apps.patients.models import phone_fingerprint
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.rules.states import ACTIVE, TERMINAL, State
from apps.scheduling.models import Doctor, VisitType
from tests.billing.till import price
from tests.cast import app_code
from tests.factories import PASSWORD, encoded
from tests.fuzz.papers import SECRET
from tests.fuzz.stations import AT, NAME
from tests.patients.codes import PHONE
from tests.stations import Stations
from tests.ward import Ward, add_doctor, came, open_ward

KEPT = timedelta(minutes=10)
"""How long an access token is used here; it lives a little longer."""


@dataclass
class Hospital:
    """Three departments, four doctors, a board. Everything is done now, and by the real commands."""

    ward: Ward
    stranger: UUID
    """A visit of another hospital."""
    board: Board
    stations: Stations

    @contextmanager
    def open(self) -> Iterator[Ward]:
        """The ward as things are at this moment. Requests are made outside of it: they must find their own scope."""
        self.ward.now = timezone.now()
        with scope(facility=self.ward.facility.id):
            yield self.ward

    def stand(self, state: State, doctor: Doctor) -> Visit:
        """Somebody in this state, of a department of this doctor, who is free for them; brought there if need be."""
        with self.open() as ward:
            return _WAYS[state](ward, doctor)

    def somebody_new(self) -> str:
        """The id of a person who waits nowhere."""
        with self.open() as ward:
            return str(ward.register(name=f"Person {uuid4().hex[:8]}").id)

    def somebody_unknown(self) -> str:
        """The id of a record of somebody who was brought in without a name."""
        with self.open() as ward:
            how: dict[str, Any] = {"department_id": ward.department.id, "reason": "Unconscious"}
            return str(commands.take_in_unknown(actor=ward.meera, now=ward.now, **how).visit.patient_id)

    def asks_for_help(self) -> UUID:
        """Somebody at a kiosk asks for a person."""

        @command
        def press(*, actor: Actor, now: datetime) -> UUID:
            return commands.note_help(ward.facility.id, uuid4(), "Hall A").id

        with self.open() as ward:
            return press(actor=ward.meera, now=ward.now)

    def break_glass(self, patient_id: str) -> None:
        """The doctor opens somebody's record in an emergency."""
        with self.open() as ward:
            break_glass(actor=ward.rao, now=ward.now, patient_id=UUID(patient_id), reason="Brought in by ambulance")

    def link(self, *, printed: bool = False) -> str:
        """A check-in link to the first department."""
        with self.open() as ward:
            token, _ = commands.create_checkin_link(
                actor=ward.meera, now=ward.now, department_id=ward.department.id, expires_in=3600, printed=printed
            )
            return token

    def screen(self) -> str:
        """What a kiosk of the hall holds."""
        secret, now, family = uuid4().hex, timezone.now(), uuid4()
        Credential.objects.create(
            id=family, kind=CredentialKind.SCREEN, secret_hash=hash_secret(CredentialKind.SCREEN, secret),
            facility=self.ward.facility, subject_type="board", subject_id=self.board.id, family_id=family,
            scope={"use": ScreenUse.KIOSK},
            issued_at=now, expires_at=now + timedelta(days=1),
        )  # fmt: skip
        return secret

    def browser(self, actor: Actor) -> Client:
        """A browser in which a member of staff is signed in."""
        client = Client(raise_request_exception=False)
        session = client.session
        session[SESSION_KEY] = self.sign_in(actor, CredentialKind.STAFF_SESSION).secret
        session.save()
        client.cookies["sessionid"] = session.session_key
        return client

    def sign_in(self, actor: Actor, kind: CredentialKind) -> SignedIn:
        """A new session of a member of staff; the password is not asked for, since hashing takes its time."""
        with self.open() as ward:
            staff = Staff.objects.get(id=actor.id)
            code = app_code(staff) if staff.role == Role.ADMIN else ""
            return enter(now=ward.now, staff=staff, kind=kind, code=code)


@contextmanager
def open_hospital() -> Iterator[Hospital]:
    """A fresh hospital beside another one, whose people are nobody's business here."""
    with open_ward() as other:
        other.now = timezone.now()
        stranger = other.arrive().id
    with open_ward(departments=3, doctors=3) as ward:
        ward.keep_real_time()
        add_doctor(ward, ward.departments)
        price(ward)
        Staff.objects.update(password=encoded(PASSWORD))
        board = Board.objects.create(facility=ward.facility, slug="hall-fuzz", name="Hall", open_to_all=True)
        board.departments.set(ward.departments)
        stations = Stations(ward)
        stations.kind_of_visit((AT,), ("",), name=NAME)
        VisitType.objects.create(facility=ward.facility, department=ward.department, name="A look", minutes=1)
    hospital = Hospital(ward, stranger, board, stations)
    for state in _WAYS:
        hospital.stand(state, ward.doctor)
    with override_settings(RAZORPAY_WEBHOOK_SECRET=SECRET):
        yield hospital


def _waiting(ward: Ward, doctor: Doctor) -> Visit:
    _free(ward, doctor)
    found = Visit.objects.filter(department=_department(ward, doctor), state=State.WAITING, doctor=None).first()
    return found or ward.arrive(department=_department(ward, doctor))


def _urgent(ward: Ward, doctor: Doctor) -> Visit:
    found = Visit.objects.filter(department=_department(ward, doctor), state=State.URGENT).first()
    return found or ward.arrive(department=_department(ward, doctor), symptoms=["chest pain"])


def _scanned(ward: Ward, doctor: Doctor) -> Visit:
    found = Visit.objects.filter(state=State.SCANNED).first()
    return found or check_in_by_link(ward, printed=True).visit


def _called(ward: Ward, doctor: Doctor) -> Visit:
    found = Visit.objects.filter(doctor=doctor, state=State.CALLED).first()
    if found:
        return found
    waiting = _waiting(ward, doctor)
    return commands.call(actor=ward.as_doctor(doctor), now=ward.now, visit_id=waiting.id, doctor_id=doctor.id)


def _in_consultation(ward: Ward, doctor: Doctor) -> Visit:
    found = Visit.objects.filter(doctor=doctor, state=State.IN_CONSULTATION).first()
    if found and SignedNote.objects.filter(encounter__visit_id=found.id).exists():  # which takes nothing more
        ward.complete(found)
        found = None
    return found or ward.start(_called(ward, doctor))


def _on_hold(ward: Ward, doctor: Doctor) -> Visit:
    return commands.hold(actor=ward.nurse, now=ward.now, visit_id=_waiting(ward, doctor).id, reason="Blood test.")


def _completed(ward: Ward, doctor: Doctor) -> Visit:
    return ward.complete(_in_consultation(ward, doctor), prescription="Paracetamol 500 mg")


_WAYS: dict[State, Callable[[Ward, Doctor], Visit]] = {
    State.WAITING: _waiting,
    State.URGENT: _urgent,
    State.SCANNED: _scanned,
    State.ON_HOLD: _on_hold,
    State.COMPLETED: _completed,
    State.CALLED: _called,
    State.IN_CONSULTATION: _in_consultation,
}


def check_in_by_link(ward: Ward, *, printed: bool = False) -> Any:
    """Somebody checks in with a code of the hall; the answer has their secrets."""
    token, _ = commands.create_checkin_link(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, expires_in=3600, printed=printed
    )
    return commands.self_check_in(
        **came(token),
        now=ward.now,
        department_id=ward.department.id,
        name=f"Person {uuid4().hex[:8]}",
        age=30,
        symptoms=[],
    )


def _department(ward: Ward, doctor: Doctor) -> Any:
    return next(place for place in ward.departments if doctor.departments.filter(id=place.id).exists())


def _free(ward: Ward, doctor: Doctor) -> None:
    """Whoever is with the doctor leaves."""
    active = Visit.objects.filter(doctor=doctor, state__in=sorted(ACTIVE)).first()
    if active and active.state == State.CALLED:
        ward.start(active)
    if active:
        ward.complete(active)
    if Doctor.objects.get(id=doctor.id).availability != "AVAILABLE":
        commands.set_availability(actor=ward.as_doctor(doctor), now=ward.now, doctor_id=doctor.id, status="AVAILABLE")


@dataclass
class Asker:
    """Somebody who sends requests: of the staff, a patient, a family, the holder of a link, a screen, or nobody."""

    name: str
    hospital: Hospital
    actor: Actor | None = None
    doctor: Doctor | None = None
    visit: UUID | None = None
    """The own visit of somebody who checked in by themselves."""
    follows: bool = False
    """Whether they hold only the link that shows where the visit stands."""
    phone: str = ""
    """The phone that a family came in by, with a code."""
    _bearer: str = ""
    _until: Any = field(default_factory=timezone.now)

    @property
    def works_for(self) -> Doctor:
        """The doctor for whom this person acts."""
        return self.doctor or self.hospital.ward.doctor

    def headers(self) -> dict[str, str]:
        """By which this person is recognised."""
        if self.actor and timezone.now() >= self._until:
            signed_in = self.hospital.sign_in(self.actor, CredentialKind.STAFF_REFRESH)
            self._bearer, self._until = signed_in.access(timezone.now()), timezone.now() + KEPT
        return {"Authorization": f"Bearer {self._bearer}"} if self._bearer else {}

    def signed_out(self) -> None:
        """This person's access has ended, as they asked; they come in again next time."""
        self._until = timezone.now()
        if self.phone:
            self.come_by_code()
        elif self.visit:
            self.visit = None
            self.own_visit()

    def own_visit(self) -> UUID:
        """An open visit that this holder of a link may see and give up."""
        with self.hospital.open() as ward:
            if self.visit and Visit.objects.get(id=self.visit).state not in TERMINAL:
                return self.visit
            if self.phone:
                self.visit = ward.arrive(ward.register(name=f"Child {uuid4().hex[:8]}", phone=self.phone)).id
            else:
                arrived = check_in_by_link(ward)
                self.visit = arrived.visit.id
                self._bearer = arrived.tracking_token if self.follows else arrived.restore_token
            return self.visit

    def come_by_code(self) -> None:
        """Sign in with what the phone got."""
        by = system_actor("code login", self.hospital.ward.facility.id)
        self._bearer = sign_in_family(actor=by, now=timezone.now(), phone=self.phone)


@command
def sign_in_family(*, actor: Actor, now: datetime, phone: str) -> str:
    """What somebody holds who proved by a code that a phone is theirs; codes have to be waited for."""
    assert actor.facility_id
    secret, _ = issue_patient_login(phone_index=phone_fingerprint(phone), facility_id=actor.facility_id, now=now)
    return secret


ASKERS = (
    *("admin", "receptionist", "nurse", "laboratory", "doctor"),
    *("family", "patient", "link holder", "kiosk", "nobody"),
)


def asker(name: str, hospital: Hospital) -> Asker:
    """One of `ASKERS`."""
    ward = hospital.ward
    with hospital.open():
        if name == "admin":
            return Asker(name, hospital, ward.admin)
        if name == "receptionist":
            return Asker(name, hospital, ward.meera)
        if name == "nurse":
            return Asker(name, hospital, hospital.stations.hands[AT])
        if name == "laboratory":
            return Asker(name, hospital, hospital.stations.hands["LAB"])
        if name == "doctor":
            return Asker(name, hospital, ward.rao, doctor=ward.doctor)
        if name == "kiosk":
            return Asker(name, hospital, _bearer=hospital.screen())
    found = Asker(name, hospital, follows=name == "link holder", phone=PHONE if name == "family" else "")
    if name in ("family", "patient", "link holder"):
        found.own_visit()
    if found.phone:
        found.come_by_code()
    return found
