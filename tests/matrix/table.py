"""Who may do what, row by row. What a row does not allow is refused; what has no row fails the suite."""

from dataclasses import dataclass, field
from typing import Any

from apps.queue.rules.states import State
from tests.matrix.world import Kind, Principal, Where

Principals = frozenset[Principal]

ALL = frozenset(Principal)
PATIENTS = frozenset({Principal.PATIENT, Principal.OTHER_PATIENT})
DOCTORS = frozenset({Principal.DOCTOR, Principal.OTHER_DOCTOR})
DESK = frozenset({Principal.RECEPTION, Principal.NURSE, Principal.ADMIN})
STAFF = DOCTORS | DESK
ADMIN = frozenset({Principal.ADMIN})
SIGNED_IN = STAFF | PATIENTS | {Principal.LINK}
"""Whoever is somebody to the API: known by a token or a link."""

THE_OTHER = {
    Principal.DOCTOR: Principal.OTHER_DOCTOR,
    Principal.PATIENT: Principal.OTHER_PATIENT,
    Principal.ADMIN: Principal.ADMIN,
}
"""Who is *there* what somebody is *here*. The desk and the nurse of here serve here only, the link is one visit's."""


@dataclass(frozen=True)
class Who:
    """Who may, by where the thing belongs."""

    here: Principals
    there: Principals
    away: Principals = frozenset()

    def may(self, who: Principal, where: Where) -> bool:
        allowed: Principals = getattr(self, where)
        return who in allowed


def department(*groups: Principals | Principal) -> Who:
    """Only those of the department that the thing belongs to, or the patient or link that it belongs to."""
    here = _together(groups)
    return Who(here, frozenset(THE_OTHER[who] for who in here if who in THE_OTHER))


def facility(*groups: Principals | Principal) -> Who:
    """These, wherever in their own hospital it is."""
    return Who(_together(groups), _together(groups))


def anywhere(*groups: Principals | Principal) -> Who:
    """These, whatever they name: it is looked for among what is theirs, so that nothing of others may show."""
    return Who(_together(groups), _together(groups), _together(groups))


def everybody() -> Who:
    """Public."""
    return anywhere(ALL)


def nobody() -> Who:
    """Not even the administrator."""
    return facility()


def _together(groups: tuple[Principals | Principal, ...]) -> Principals:
    return frozenset().union(*({g} if isinstance(g, Principal) else g for g in groups))


OF_QUEUE = department(Principal.DOCTOR, DESK)
OF_DESK = department(DESK)
OF_DOCTOR = department(Principal.DOCTOR)
OF_NURSE = department(Principal.DOCTOR, Principal.NURSE)
"""Who looks after people's bodies."""
HOLDER = department(Principal.PATIENT)
ADMIN_OR_HOLDER = department(ADMIN, Principal.PATIENT)
OF_QUEUE_OR_OWN = department(Principal.DOCTOR, DESK, Principal.PATIENT)
OF_DESK_OR_OWN = department(DESK, Principal.PATIENT)
OWN_WAITING = {"waiting_id": "{own_waiting}"}
"""The place of the patient of a place, not that of somebody else, which is the usual one."""
HOLDER_OR_LINK = department(Principal.PATIENT, Principal.LINK)
ANY_STAFF = facility(STAFF)
ANY_DESK = facility(DESK)
ANY_ADMIN = facility(ADMIN)
AT_BOARD = Who(STAFF | {Principal.KIOSK}, STAFF)
"""A board that is not open to all: staff of the house, and the very screen that it is paired with."""

OF_CLERK = department(Principal.RECEPTION, ADMIN)
ANY_CLERK = facility(Principal.RECEPTION, ADMIN)
ANY_CLINICIAN = facility(DOCTORS, Principal.NURSE)
WHOEVER_IS_KNOWN = facility(SIGNED_IN)
WHOEVER_SIGNED_IN = facility(STAFF, PATIENTS)

SEEN = frozenset({Kind.NAME, Kind.UHID})
ASKED = SEEN | {Kind.SYMPTOM, Kind.REASON}
PAPERS = frozenset({Kind.PHONE, Kind.ADDRESS})
CLINICAL = frozenset({Kind.PRESCRIPTION, Kind.SYMPTOM})
WHY = frozenset({Kind.REASON})
"""Why their record was opened in an emergency is no secret from the person."""


def sees(who: Principal, where: Where) -> frozenset[Kind]:
    """What of a person somebody may come to see anywhere. A row's `shows` adds what one page is for.

    Nobody sees anything of another hospital; who is not staff only what is their own; prescriptions are between
    doctor and patient; phone, address and identifiers are shown by the open record alone.
    """
    if where is Where.AWAY:
        return frozenset()
    if who in PATIENTS:
        own = (who is Principal.PATIENT) == (where is Where.HERE)
        return SEEN | {Kind.PRESCRIPTION} if own else frozenset()
    if who in STAFF:
        health = {Kind.HEALTH} if who in DOCTORS or who is Principal.NURSE else set()
        return (ASKED if works(who, where) else SEEN) | health
    return frozenset()


def works(who: Principal, where: Where) -> bool:
    """Whether somebody of the staff serves the department of a place."""
    if where is Where.AWAY:
        return False
    return who is Principal.ADMIN or (who is Principal.OTHER_DOCTOR) == (where is Where.THERE)


OK = frozenset({200, 201, 202, 204, 301, 302, 303})


@dataclass(frozen=True)
class Row:
    """One thing that can be asked: `asks` is the method and the pattern of the address, as the configuration has it.

    `body` goes as JSON under the API and as a form elsewhere; `{words}` in it, in `query` and in the pattern are
    filled with what belongs to the place that is asked about, and `words` overrules them. `state` is where the visit
    stands before; `answers` are the statuses of whoever may.
    """

    asks: str
    who: Who
    body: dict[str, Any] | None = None
    state: State = State.WAITING
    query: str = ""
    words: dict[str, str] = field(default_factory=dict)
    answers: frozenset[int] = OK
    free: frozenset[str] = frozenset()
    """Words of the body that patients may fill with whatever their hospital has."""
    shows: frozenset[Kind] = frozenset()
    """What is shown here beside what these principals see anywhere, of the place that is asked about."""
    shows_doctors: frozenset[Kind] = frozenset()
    """The same, of those of them who are doctors alone."""

    @property
    def method(self) -> str:
        return self.asks.partition(" ")[0]

    @property
    def pattern(self) -> str:
        return self.asks.partition(" ")[2]

    def __str__(self) -> str:
        return " ".join([self.asks, *self.words.values()])


def api(asks: str, who: Who, body: dict[str, Any] | None = None, state: State = State.WAITING, **more: Any) -> Row:
    """A route beneath `/api/v1/`."""
    method, _, pattern = asks.partition(" ")
    return Row(f"{method} api/v1/{pattern}", who, body, state, **more)


def form(asks: str, who: Who, body: dict[str, Any] | None = None, state: State = State.WAITING, **more: Any) -> Row:
    """A page or a form."""
    return Row(asks, who, body, state, **more)


S = State
REASON = {"reason": "Matrix"}
NONE_OPEN = frozenset({409})
"""Nobody has broken the glass here."""
SHAPE = frozenset({400})
"""Whoever may is told what is wrong with the body: these rows send none that is right."""

TEMPLATE = "visit-templates/<uuid:visit_template_id>"
"""A doctor's own."""

WISH = {
    "doctorId": "{doctor}",
    "patientId": "{patient}",
    "source": "online",
    "appointmentTime": "2031-01-06T10:00:00+05:30",
}
"""A place on a day without slots: the waiting list."""

LEAVE = {"from": "2031-01-06", "to": "2031-01-07", **REASON}
HOLD = {"doctorId": "{doctor}", "slotId": "{free_slot}", "patientId": "{patient}"}
WINDOW = {"slotStartTime": "2031-01-06T10:00:00+05:30", "slotEndTime": "2031-01-06T11:00:00+05:30"}

EMERGENCY = {"doctorId": "{doctor}", "patientId": "{patient}", "reason": "Matrix"}
OF_BILL = department(Principal.RECEPTION, ADMIN, Principal.DOCTOR)
OF_BOSS = department(ADMIN)
PAID = {"amount": "1.00", "method": "cash"}
ISSUED = {"invoice_id": "{issued_id}"}
UNPRICED = {"invoice_id": "{unpriced_id}"}
OWN_BILL = {"invoice_id": "{own_bill}"}
NOT_SET_UP = frozenset({409})
"""There is no payment gateway here."""

NOTHING_ASKED = frozenset({409})
"""No discount waits for a decision."""
NOTHING_TO_GIVE_BACK = frozenset({409})
"""Nothing on the bill was taken back."""


OF_CALENDAR = frozenset({Kind.HOSPITAL})
OF_LINK = frozenset({Kind.DEPARTMENT, Kind.DOCTOR})

CHOICES = {"sms-off": frozenset({302}), "push-on": frozenset({409}), "push-test": frozenset({409})}
CHOICES |= {"email-give": SHAPE, "email-confirm": SHAPE, "email-on": frozenset({409}), "email-drop": frozenset({302})}
"""Push and e-mail are not set up in the matrix: it says so."""

NO_STATION = frozenset({409})
"""The visit that is asked about is on no journey."""

OTHERS_COUNTER = nobody()
"""The counter of a place is staffed by a role that nobody here has."""

COUNTER_MOVES: dict[str, dict[str, Any]] = {
    "recall": {},
    "start": {},
    "complete": {},
    "missed": REASON,
    "resume": {},
    "class": {"urgency": "", "needs": ""},
}

STREAMS = {
    "dept.{department}": department(Principal.DOCTOR, DESK, Principal.PATIENT, Principal.LINK),
    "staff.{department}": OF_QUEUE,
    "doctor.{doctor}": OF_QUEUE,
    "desk.{facility}": ANY_STAFF,
    "facility.{facility}": ANY_STAFF,
    "board.{board}": ANY_STAFF,
}
"""Live screens: what can be followed, and who may ask for it over HTTP."""

API = [
    # --- signing in and who one is
    api("POST auth/token", everybody(), {}, answers=SHAPE),
    api("POST auth/refresh", everybody(), {}, answers=SHAPE),
    api("POST auth/otp/request", everybody(), {}, answers=SHAPE),
    api("POST auth/otp/verify", everybody(), {}, answers=SHAPE),
    api("POST auth/logout", WHOEVER_SIGNED_IN, {}),
    api("GET auth/me", WHOEVER_IS_KNOWN),
    api("POST auth/password", ANY_STAFF, {"currentPassword": "wrong", "newPassword": "new-word"}, answers=SHAPE),
    api("POST auth/socket-ticket", WHOEVER_IS_KNOWN, {}),
    api("GET auth/sessions", ANY_STAFF),
    api("DELETE auth/sessions/<uuid:session_id>", OF_DOCTOR),
    # --- masters
    api("GET departments", WHOEVER_SIGNED_IN),
    api("GET departments/<uuid:department_id>", WHOEVER_SIGNED_IN),
    api("GET departments/<uuid:department_id>/queue", OF_QUEUE),
    api("GET doctors", WHOEVER_SIGNED_IN),
    api("POST doctors", ANY_ADMIN, {"name": "Dr Tamil", "licenseNumber": "M-1", "departments": ["{department}"]}),
    api("GET doctors/<uuid:doctor_id>", WHOEVER_SIGNED_IN),
    api("PATCH doctors/<uuid:doctor_id>", ANY_ADMIN, {"specialization": "Matrix"}),
    api("PATCH doctors/<uuid:doctor_id>/status", OF_QUEUE, {"status": "PAUSED"}),
    api("POST admin/departments", ANY_ADMIN, {"code": "MTX", "name": "Matrix", "kind": "consultation"}),
    api("PATCH admin/departments/<uuid:department_id>", ANY_ADMIN, {"name": "Matrix"}),
    api("DELETE admin/departments/<uuid:department_id>", ANY_ADMIN, answers=frozenset({409})),
    api("POST admin/qrcodes", OF_DESK, {"departmentId": "{department}", "expiresIn": 60}),
    # --- patients
    api("GET patients", ANY_STAFF),
    api("GET patients", ANY_STAFF, query="search=Devi"),
    api("GET patients", anywhere(STAFF), query="search={uhid}"),
    api("POST patients", ANY_DESK, {"name": "Matrix Devi", "sex": "female", "age": 34, "phone": ""}),
    api("GET patients/<uuid:patient_id>", ANY_STAFF, shows=PAPERS),
    api("PATCH patients/<uuid:patient_id>", ANY_DESK, {"name": "Matrix", "expectedVersion": 1}, shows=PAPERS),
    api("GET patients/<uuid:patient_id>/identifiers", ANY_CLERK),
    api("POST patients/<uuid:patient_id>/identifiers", ANY_CLERK, {"kind": "national_id", "value": "MATRIX 1234"},
        answers=OK | {409}),
    api("GET patients/<uuid:patient_id>/visits", facility(DOCTORS), shows=CLINICAL),
    api("GET encounters/<uuid:visit_id>", OF_DOCTOR, None, S.COMPLETED, shows=CLINICAL),
    api("PATCH encounters/<uuid:visit_id>", OF_DOCTOR, {"version": 0, "plan": "x"}, S.IN_CONSULTATION),
    api("POST encounters/<uuid:visit_id>/sign-off", OF_DOCTOR, {"version": 0}, S.IN_CONSULTATION,
        answers=frozenset({409})),
    api("POST encounters/<uuid:visit_id>/addenda", OF_DOCTOR, {"text": "Matrix"}, S.COMPLETED),
    api("GET encounters/<uuid:visit_id>/vitals", OF_NURSE),
    api("GET medicines", facility(DOCTORS)),
    api("GET diagnosis-codes", facility(DOCTORS)),
    api("GET diet-plans", facility(DOCTORS)),
    api("PUT encounters/<uuid:visit_id>/follow-up", OF_DOCTOR, {"days": 7}, S.IN_CONSULTATION),
    api("POST encounters/<uuid:visit_id>/referrals", OF_DOCTOR, {"to": "Matrix", "reason": "Matrix"},
        S.IN_CONSULTATION),
    api("POST encounters/<uuid:visit_id>/diet-plans", OF_DOCTOR, {"text": "Matrix"}, S.IN_CONSULTATION),
    *(api(f"DELETE encounters/<uuid:visit_id>/{kind}/<int:place>", OF_DOCTOR, None, S.IN_CONSULTATION,
          answers=frozenset({409}), words={"place": "0"}) for kind in ("referrals", "diet-plans")),
    api("POST encounters/<uuid:visit_id>/diagnoses", OF_DOCTOR, {"text": "Matrix"}, S.IN_CONSULTATION),
    api("PUT encounters/<uuid:visit_id>/diagnoses", OF_DOCTOR, {"diagnoses": [{"text": "Matrix"}]}, S.IN_CONSULTATION),
    api("GET visit-templates", facility(DOCTORS)),
    api("POST visit-templates", facility(DOCTORS), {"name": "Matrix", "note": {"plan": "Matrix"}}),
    api(f"GET {TEMPLATE}", OF_DOCTOR),
    api(f"PUT {TEMPLATE}", OF_DOCTOR, {"name": "Matrix", "note": {"plan": "Matrix"}, "version": 1}),
    api(f"DELETE {TEMPLATE}", OF_DOCTOR),
    api("POST encounters/<uuid:visit_id>/fill-in-template", OF_DOCTOR, {"templateId": "{visit_template_id}"},
        S.IN_CONSULTATION),
    api("POST encounters/<uuid:visit_id>/keep-as-template", OF_DOCTOR, {"name": "Matrix"}, S.IN_CONSULTATION),
    api("GET investigations", facility(DOCTORS)),
    api("GET encounters/<uuid:visit_id>/orders", OF_DOCTOR),
    api("POST encounters/<uuid:visit_id>/orders", OF_DOCTOR, {"tests": ["{lab_test}"]}, S.IN_CONSULTATION),
    api("GET counter/visits/<uuid:visit_id>/orders", OTHERS_COUNTER),
    api("POST orders/<uuid:order_id>/take-back", OF_DOCTOR, {}),
    api("POST orders/<uuid:order_id>/results", OTHERS_COUNTER, {"report": "Matrix"}),
    api("POST orders/<uuid:order_id>/seen", OF_DOCTOR, {"version": 1}, words={"order_id": "{reported}"}),
    api("GET results/not-seen", facility(DOCTORS)),
    api("POST encounters/<uuid:visit_id>/prescriptions", OF_DOCTOR,
        {"items": [{"medicine": "Matrix", "frequency": "1-0-1", "days": 3}]}, S.IN_CONSULTATION),
    api("POST encounters/<uuid:visit_id>/vitals", OF_NURSE, {"pulse": 72}),
    api("GET patients/<uuid:patient_id>/health", ANY_CLINICIAN),
    api("POST patients/<uuid:patient_id>/health", ANY_CLINICIAN, {"kind": "condition", "what": "Matrix"}),
    api("PATCH patients/<uuid:patient_id>/health/<uuid:fact_id>", ANY_CLINICIAN, {"status": "resolved"}),
    api("POST patients/<uuid:patient_id>/break-glass", ANY_CLINICIAN, {"reason": "Matrix, by ambulance"}),
    api("DELETE patients/<uuid:patient_id>/break-glass", ANY_CLINICIAN, answers=NONE_OPEN),
    api("GET patients/<uuid:patient_id>/access-log", ADMIN_OR_HOLDER, shows=WHY),
    # --- the queue
    api("POST visits", OF_DESK, {"departmentId": "{department}", "patientId": "{patient}", "doctorId": "{doctor}"},
        S.COMPLETED),
    api("GET visits/<uuid:visit_id>", OF_QUEUE),
    api("POST doctor/queue/call-next", OF_QUEUE, {"doctorId": "{doctor}"}),
    api("POST doctor/visits/<uuid:visit_id>/call-next", OF_QUEUE, {"doctorId": "{doctor}"}),
    api("POST doctor/visits/<uuid:visit_id>/call", OF_QUEUE, {"doctorId": "{doctor}", "roomId": "{room}"}),
    api("POST doctor/visits/<uuid:visit_id>/recall", OF_QUEUE, {}, S.CALLED),
    api("POST doctor/visits/<uuid:visit_id>/put-back", OF_QUEUE, {}, S.CALLED),
    api("POST doctor/visits/<uuid:visit_id>/start", OF_DOCTOR, {"doctorId": "{doctor}"}, S.CALLED),
    api("POST consultation/start", OF_DOCTOR, {"visitId": "{visit}", "doctorId": "{doctor}"}, S.CALLED),
    api("POST doctor/visits/<uuid:visit_id>/complete", OF_DOCTOR, {"doctorId": "{doctor}"}, S.IN_CONSULTATION),
    api("POST consultation/<uuid:visit_id>/complete", OF_DOCTOR, {"prescriptionText": "x"}, S.IN_CONSULTATION),
    api("POST doctor/visits/<uuid:visit_id>/no-show", OF_QUEUE, {}, S.CALLED),
    api("POST doctor/visits/<uuid:visit_id>/hold", OF_QUEUE, REASON),
    api("POST doctor/visits/<uuid:visit_id>/resume", OF_QUEUE, {}, S.ON_HOLD),
    api("POST doctor/visits/<uuid:visit_id>/cancel", OF_QUEUE, REASON),
    api("POST doctor/visits/<uuid:visit_id>/confirm", OF_DESK, {}, S.SCANNED),
    api("POST doctor/visits/<uuid:visit_id>/urgent", OF_QUEUE, REASON),
    api("POST doctor/visits/<uuid:visit_id>/not-urgent", OF_QUEUE, REASON, S.URGENT),
    api("POST kiosk/check-in", nobody(), {"phone": "90000 00000"}),
    # --- sent on, along a kind of visit, at counters
    api("POST doctor/visits/<uuid:visit_id>/transfer", OF_QUEUE, {"departmentId": "{laboratory}", **REASON}),
    api("POST doctor/visits/<uuid:visit_id>/tests", OF_DOCTOR, {"departmentIds": ["{laboratory}"], **REASON},
        S.IN_CONSULTATION),
    api("POST doctor/visits/<uuid:visit_id>/skip", OF_QUEUE, REASON, answers=NO_STATION),
    api("POST doctor/visits/<uuid:visit_id>/journey", OF_DESK, {"journeyId": "{template}"}),
    api("GET visits/<uuid:visit_id>/journey", OF_QUEUE),
    api("GET journeys", ANY_STAFF),
    api("GET counters", facility(Principal.NURSE)),
    api("PATCH counters/<uuid:counter_id>/status", OTHERS_COUNTER, {"status": "PAUSED"}),
    api("POST counters/<uuid:counter_id>/call-next", OTHERS_COUNTER, {}),
    *(api(f"POST counter/visits/<uuid:visit_id>/{word}", OTHERS_COUNTER, body, S.CALLED)
      for word, body in COUNTER_MOVES.items()),
    api("POST doctor/visits/<uuid:visit_id>/reassign", OF_DESK, REASON | {"doctorId": "{doctor}"}, answers=OK | {409}),
    api("POST doctor/visits/<uuid:visit_id>/undo", OF_QUEUE, {}, answers=frozenset({409})),
    api("PATCH departments/<uuid:department_id>/newcomers", OF_CLERK, {"takesNewcomers": True}),
    # --- booking
    api("GET doctors/<uuid:doctor_id>/visit-types", WHOEVER_SIGNED_IN),
    api("GET doctors/<uuid:doctor_id>/slots", WHOEVER_SIGNED_IN, query="date={tomorrow}"),
    api("GET tokens/availability", WHOEVER_SIGNED_IN, query="doctorId={doctor}&date={tomorrow}"),
    api("GET tokens", anywhere(STAFF), query="doctor={doctor}"),
    api("POST tokens", OF_DESK_OR_OWN, WISH, free=frozenset({"doctor"})),
    api("GET tokens/<uuid:booking_id>", OF_QUEUE_OR_OWN),
    api("PATCH tokens/<uuid:booking_id>/check-in", OF_DESK_OR_OWN, {}, answers=frozenset({409})),
    api("POST tokens/<uuid:booking_id>/no-show", OF_DESK, {}, answers=frozenset({409})),
    api("POST tokens/<uuid:booking_id>/reschedule", OF_DESK_OR_OWN, {"slotId": "{free_slot}"}),
    api("GET tokens/waiting-status", ANY_STAFF, query="doctorId={doctor}"),
    api("GET waiting/<uuid:waiting_id>", OF_QUEUE),
    api("DELETE waiting/<uuid:waiting_id>", OF_DESK),
    api("GET waiting/<uuid:waiting_id>", OF_QUEUE_OR_OWN, words=OWN_WAITING),
    api("DELETE waiting/<uuid:waiting_id>", OF_DESK_OR_OWN, words=OWN_WAITING),
    api("POST waiting/<uuid:waiting_id>/move", OF_DESK, {"newPosition": 1, "reason": "Matrix"}),
    api("GET cancellations/check/<uuid:booking_id>", OF_QUEUE_OR_OWN),
    api("DELETE cancellations/<uuid:booking_id>", OF_DESK_OR_OWN, {"reason": "Matrix"}),
    # --- leave, delay, what does not take place
    api("GET doctors/<uuid:doctor_id>/leave", OF_CLERK),
    api("GET doctors/<uuid:doctor_id>/leave/preview", OF_CLERK, query="from={tomorrow}&to={tomorrow}"),
    api("POST doctors/<uuid:doctor_id>/leave", OF_CLERK, LEAVE),
    api("POST doctors/<uuid:doctor_id>/leave", OF_CLERK, LEAVE | {"preview": True}),
    api("DELETE doctors/<uuid:doctor_id>/leave/<uuid:leave_id>", OF_CLERK),
    api("POST doctors/<uuid:doctor_id>/delay", OF_CLERK, {"minutes": 20, "slotId": "{free_slot}"}),
    api("POST cancellations/bulk/<uuid:slot_id>", OF_CLERK, REASON, words={"slot_id": "{slot}"}),
    api("POST cancellations/bulk/<uuid:slot_id>", OF_CLERK, {"preview": True} | REASON, words={"slot_id": "{slot}"}),
    api("GET escalations", ANY_CLERK),
    api("POST escalations/<uuid:booking_id>", OF_DESK, {"slotId": "{free_slot}"}, words={"booking_id": "{stranded}"}),
    api("DELETE escalations/<uuid:booking_id>", OF_DESK, REASON, words={"booking_id": "{stranded}"}),
    api("PATCH tokens/<uuid:booking_id>/status", OF_DESK, {"status": "CANCELLED", "reason": "Matrix"}),
    api("POST cancellations/refund/<uuid:booking_id>", OF_DESK, {}, answers=frozenset({409})),
    api("GET cancellations/history", ANY_STAFF),
    api("GET cancellations/stats", ANY_STAFF),
    api("GET waiting/stats", ANY_STAFF, query="doctorId={doctor}"),
    api("POST waiting/<uuid:waiting_id>/accept", OF_DESK, {}, answers=frozenset({409})),
    api("POST waiting/<uuid:waiting_id>/decline", OF_DESK, {}, answers=frozenset({409})),
    api("POST appointments/request", OF_DESK_OR_OWN, HOLD),
    api("POST appointments/recurring", OF_DESK, HOLD | {"weeks": 2}),
    api("POST appointments/<uuid:booking_id>/meeting", OF_DESK, {}),
    api("PUT waiting/<uuid:waiting_id>/notes", OF_DESK, {"notes": "Matrix"}),
    api("POST appointments/<uuid:booking_id>/confirm", OF_DESK, {}, words={"booking_id": "{held_id}"}),
    api("GET appointments/track/<str:token>", everybody(), words={"token": "{code}"}, shows=OF_LINK),
    api("GET appointments/refresh-queue/<str:token>", everybody(), words={"token": "{code}"}, shows=OF_LINK),
    api("GET appointments/queue/slot-based/<uuid:doctor_id>", OF_QUEUE, query="date={tomorrow}"),
    api("POST appointments/queue/slot-overlaps/<uuid:doctor_id>", OF_QUEUE, WINDOW),
    api("GET appointments/queue/slot-position/<uuid:booking_id>", OF_QUEUE),
    api("GET appointments/queue/suggest-slots/<uuid:doctor_id>", OF_QUEUE, query="date={tomorrow}&preferredHour=9"),
    api("GET appointments/queue/statistics/<uuid:doctor_id>", OF_QUEUE, query="date={tomorrow}"),
    api("GET doctors/<uuid:doctor_id>/stats", OF_QUEUE, query="date={tomorrow}"),
    api("POST appointments/queue/move/<uuid:booking_id>", OF_DESK, {"newPosition": 1, "reason": "Matrix"}),
    api("POST appointments/queue/early-arrival/<uuid:booking_id>", OF_DESK, {}, answers=frozenset({409})),
    api("POST appointments/queue/no-show/<uuid:booking_id>", OF_DESK, {}, answers=frozenset({409})),
    api("POST appointments/queue/emergency/<uuid:doctor_id>", OF_QUEUE, {"message": "Matrix", "priority": "high"}),
    api("POST emergency/request", OF_QUEUE, EMERGENCY | {"severity": "high"}, answers=frozenset({409})),
    api("POST emergency/fast-track", OF_QUEUE, EMERGENCY),
    api("GET desk/notices", ANY_DESK),
    api("POST desk/help/<uuid:help_id>/answer", ANY_DESK, {}, words={"help_id": "{help}"}),
    api("POST emergency/unknown", OF_DESK, {"departmentId": "{department}", "reason": "Matrix"}),
    api("POST emergency/recognise", ANY_DESK, {"patientId": "{nameless}", "knownId": "{patient}"}),
    api("PATCH emergency/override/<uuid:slot_id>", OF_QUEUE, {"emergencyLevel": "critical"}),
    api("GET emergency/current-slot/<uuid:doctor_id>", OF_QUEUE),
    api("GET emergency/stats", ANY_STAFF),
    # --- money
    api("GET invoices", facility(Principal.RECEPTION, ADMIN, DOCTORS)),
    api("POST invoices", OF_CLERK, {"visitId": "{visit}"}),
    api("GET invoices/<uuid:invoice_id>", OF_BILL),
    api("POST invoices/<uuid:invoice_id>/discounts", OF_BILL, {"percent": "1", **REASON}),
    api("POST invoices/<uuid:invoice_id>/decision", OF_BILL, {"approve": True}, answers=NOTHING_ASKED),
    api("POST invoices/<uuid:invoice_id>/issue", OF_CLERK, {}),
    api("POST invoices/<uuid:invoice_id>/payments", OF_CLERK, PAID, words=ISSUED),
    api("POST payments/<uuid:payment_id>/refunds", OF_BOSS, {"amount": "1.00", **REASON}),
    api("GET ledger", ANY_ADMIN),
    api("POST webhooks/<slug:provider>", nobody(), {}, words={"provider": "razorpay"}),
    # --- the patient's own
    api("PATCH auth/me", facility(PATIENTS), {"language": "hi"}),
    api("GET patient/visits", facility(PATIENTS)),
    api("GET patient/bookings", facility(PATIENTS)),
    api("GET patient/waiting", facility(PATIENTS)),
    api("GET patient/results", facility(PATIENTS)),
    api("POST patient/forget", facility(PATIENTS), {}),
    api("POST patient/restore", everybody(), {}, answers=SHAPE),
    api("POST patient/checkin", everybody(), {}, answers=SHAPE),
    api("GET patient/visits/<uuid:visit_id>", HOLDER_OR_LINK),
    api("GET patient/visits/<uuid:visit_id>", HOLDER_OR_LINK, None, S.COMPLETED),
    api("POST patient/visits/<uuid:visit_id>/cancel", HOLDER_OR_LINK, {}),
    api("POST patient/visits/<uuid:visit_id>/late", HOLDER_OR_LINK, {"minutes": 10}),
    api("POST patient/visits/<uuid:visit_id>/here", HOLDER_OR_LINK, {}, S.ON_HOLD),
    # --- live screens over HTTP, how they do, the audit trail
    *(api("GET live/<str:stream>", who, words={"stream": stream}) for stream, who in STREAMS.items()),
    api("GET appointments/websocket/stats", ANY_STAFF),
    api("GET audit", ANY_ADMIN),
    api("GET notifications", ANY_DESK),
    api("GET notifications/templates", ANY_ADMIN),
    api(
        "PUT notifications/templates/<slug:name>/<slug:language>", anywhere(ADMIN), {"text": "", "version": 0},
        words={"name": "booked", "language": "en"},
    ),
    # --- anything else
    *(api(f"{method} ", nobody()) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
]  # fmt: skip
"""The API."""

SEEN_VERSION = {"version": "{version}"}
OF_VISIT = {"visit": "{visit}", **SEEN_VERSION}
SEND_ON = "console/<uuid:doctor_id>/send-on/<uuid:visit_id>/"
IDENTITY = "admin/desk/identity/<uuid:patient_id>/"
NAMELESS = {"patient_id": "{nameless}"}
"""Somebody was brought in without a name."""

CONSOLE = "POST console/<uuid:doctor_id>/<slug:action>/"
COUNTER = "POST counter/<uuid:counter_id>/<slug:action>/"
COUNTER_BUTTONS = ("call", "call-again", "start", "done", "missed", "resume", "open", "pause", "close", "class")
DEED = "admin/desk/visits/<uuid:visit_id>/<slug:action>/"
BOOKING = "admin/desk/bookings/<uuid:booking_id>/"
BOOKING_DEED = f"{BOOKING}<slug:action>/"
WAITING_DEED = "admin/desk/waiting/<uuid:waiting_id>/<slug:action>/"
BILL_DEED = "admin/desk/invoices/<uuid:invoice_id>/<slug:action>/"
BILL_DEEDS: dict[str, tuple[dict[str, str], dict[str, str], frozenset[int]]] = {
    "issue": ({"version": "2"}, {}, OK),
    "pay": ({"version": "2", "method": "cash", "amount": "1", "reference": ""}, {}, OK),
    "discount": ({"version": "2", "amount": "1", **REASON}, {}, OK),
    "approve": ({}, {}, NOTHING_ASKED),
    "refuse": ({}, {}, NOTHING_ASKED),
    "refund": ({"payment": "{payment_id}", "amount": "1", **REASON}, ISSUED, OK),
    "send-again": ({"refund": "{refund_id}"}, ISSUED, OK),
    "pay-out": ({"due": "{due_id}"}, ISSUED, OK),
    "give-back": ({}, ISSUED, NOTHING_TO_GIVE_BACK),
    "price": ({"version": "2", "line": "{line_id}", "amount": "5"}, UNPRICED, OK),
    "collect": ({"version": "2"}, {}, OK),
    "take-off": ({"version": "2", "line": "{line_id}"}, UNPRICED, OK),
}
"""What the till does to an invoice: what is sent, about which, and what is answered."""
GIVES_BACK = ("refund", "send-again", "pay-out", "give-back")

OPENING = "admin/departments/<uuid:department_id>/<slug:action>/"
DEVICE = "admin/devices/<uuid:device_id>/<slug:action>/"
ACCESS = "admin/access/<uuid:staff_id>/"
TAKES_VERSION_OF_DOCTOR = {"version": "1"}


def button(action: str, who: Who, body: dict[str, str], state: State = State.WAITING, **more: Any) -> Row:
    """A button of the console."""
    return form(CONSOLE, who, body, state, words={"action": action}, **more)


CONSOLES = [
    button("call", OF_QUEUE, OF_VISIT),
    button("call-again", OF_QUEUE, OF_VISIT, S.CALLED),
    button("start", OF_DOCTOR, OF_VISIT, S.CALLED),
    button("did-not-come", OF_QUEUE, OF_VISIT, S.CALLED),
    button("put-back", OF_QUEUE, OF_VISIT, S.CALLED),
    button("hold", OF_QUEUE, OF_VISIT | REASON, S.CALLED),
    button("resume", OF_QUEUE, OF_VISIT, S.ON_HOLD),
    button("no-show", OF_QUEUE, OF_VISIT, S.CALLED),
    button("finish", OF_DOCTOR, OF_VISIT, S.IN_CONSULTATION),
    button("finish-and-call", OF_DOCTOR, OF_VISIT | {"next_visit": "{visit}", "next_version": "1"}, S.IN_CONSULTATION,
           answers=frozenset({409})),
    button("dx-add", OF_DOCTOR, OF_VISIT | {"diagnosis": "Matrix"}, S.IN_CONSULTATION),
    button("follow-up", OF_DOCTOR, OF_VISIT | {"days": "7"}, S.IN_CONSULTATION),
    button("refer", OF_DOCTOR, OF_VISIT | {"refer_to": "Matrix", "refer_why": "Matrix"}, S.IN_CONSULTATION),
    button("diet", OF_DOCTOR, OF_VISIT | {"diet_words": "Matrix"}, S.IN_CONSULTATION),
    *(button(f"{word}-drop", OF_DOCTOR, OF_VISIT | {"place": "0"}, S.IN_CONSULTATION, answers=frozenset({409}),
             shows=frozenset({Kind.PRESCRIPTION}))
      for word in ("refer", "diet")),
    *(button(f"dx-{word}", OF_DOCTOR, OF_VISIT | {"place": "0"}, S.IN_CONSULTATION, answers=frozenset({409}),
             shows=frozenset({Kind.PRESCRIPTION}))
      for word in ("first", "remove", "condition")),
    button("rx-add", OF_DOCTOR, OF_VISIT | {"medicine": "Matrix", "frequency": "1-0-1", "days": "3"},
           S.IN_CONSULTATION),
    *(button(f"rx-{word}", OF_DOCTOR, OF_VISIT | body, S.IN_CONSULTATION, answers=frozenset({409}),
             shows=frozenset({Kind.PRESCRIPTION}))
      for word, body in {"favourite": {"favourite": "{visit}"}, "drop": {"favourite": "{visit}"},
                         "repeat": {}, "remove": {"place": "0"},
                         "keep": {"place": "0"}}.items()),
    button("test-add", OF_DOCTOR, OF_VISIT | {"tests": "{lab_test}"}, S.IN_CONSULTATION),
    button("test-send", OF_DOCTOR, OF_VISIT | {"tests": "{lab_test}"}, S.IN_CONSULTATION),
    button("test-back", OF_DOCTOR, OF_VISIT | {"order": "{order_id}"}, S.IN_CONSULTATION),
    button("result-seen", OF_DOCTOR, OF_VISIT | {"order": "{reported}", "result_version": "1"}, S.IN_CONSULTATION),
    button("template", OF_DOCTOR, OF_VISIT | {"template": "{visit_template_id}"}, S.IN_CONSULTATION),
    button("template-keep", OF_DOCTOR, OF_VISIT | {"template_name": "Matrix", "plan": "Matrix", "note_version": "0"},
           S.IN_CONSULTATION),
    button("begin", OF_QUEUE, TAKES_VERSION_OF_DOCTOR),
    button("pause", OF_QUEUE, TAKES_VERSION_OF_DOCTOR),
    button("end", OF_QUEUE, TAKES_VERSION_OF_DOCTOR),
    button("undo", OF_QUEUE, OF_VISIT, answers=frozenset({409})),
]  # fmt: skip
"""The buttons of the console."""


def deed(action: str, state: State, who: Who = OF_DESK, body: dict[str, str] = SEEN_VERSION) -> list[Row]:
    """What the desk does to a visit: the question and the answer."""
    return [form(f"{method} {DEED}", who, body, state, words={"action": action}) for method in ("GET", "POST")]


DEEDS = [
    *deed("confirm", S.SCANNED),
    *deed("resume", S.ON_HOLD),
    *deed("urgent", S.WAITING, body=SEEN_VERSION | REASON),
    *deed("not-urgent", S.URGENT, body=SEEN_VERSION | REASON),
    *deed("no-show", S.CALLED),
    *deed("cancel", S.WAITING, body=SEEN_VERSION | REASON),
]
"""The desk's deeds."""

NO_SLOT_TODAY = frozenset({302, 409})
"""The doctor's slots are tomorrow's, unless it is a minute to midnight."""

TOO_EARLY = frozenset({409})
"""The booking is for tomorrow."""

NOT_NOW = frozenset({409})
"""No place is held for them, and nobody was asked whether they want one."""


def turn(action: str, body: dict[str, str]) -> list[Row]:
    """What the desk does about one person's turn: the question and the answer."""
    pattern, words = "admin/desk/turns/<uuid:visit_id>/<slug:action>/", {"action": action}
    return [
        form(f"GET {pattern}", OF_DESK, words=words),
        form(f"POST {pattern}", OF_DESK, body | SEEN_VERSION, words=words),
    ]


def booking_deed(action: str, body: dict[str, str], answers: frozenset[int] = OK) -> list[Row]:
    """What the desk does to a booking: the question and the answer."""
    words = {"action": action}
    return [
        form(f"GET {BOOKING_DEED}", OF_DESK, words=words),
        form(f"POST {BOOKING_DEED}", OF_DESK, body, words=words, answers=answers),
    ]


def waiting_deed(action: str, body: dict[str, str], answers: frozenset[int] = OK) -> list[Row]:
    """What the desk does to somebody on a waiting list."""
    words = {"action": action}
    return [
        form(f"GET {WAITING_DEED}", OF_DESK, words=words),
        form(f"POST {WAITING_DEED}", OF_DESK, body, words=words, answers=answers),
    ]


WALK_IN = {"place": "{department}", "symptoms": "", "needs": "", "source": "walk_in"}
REGISTER = {"name": "Matrix Kumari", "sex": "female", "age": "34", "language": "en", "phone": "", "address": ""}

PAGES = [
    # --- the door
    form("GET ", everybody()),
    form("GET demo/messages/", nobody()),  # there only in the demonstration
    form("GET demo/messages.json", nobody()),
    form("GET styleguide/", nobody()),
    form("GET login/phone/", everybody()),
    form("POST login/phone/", everybody(), {}, answers=SHAPE),
    form("GET login/phone/code/", everybody()),
    form("POST login/phone/code/", everybody(), {}, answers=SHAPE),
    form("GET me/", facility(PATIENTS)),
    form("POST me/forget/", facility(PATIENTS), {}),
    form("GET me/bookings/<uuid:booking_id>/", HOLDER),
    form("GET me/bookings/<uuid:booking_id>/move/", HOLDER),
    form("POST me/bookings/<uuid:booking_id>/move/", HOLDER, {"slot": "free:{free_slot}", "version": "1"}),
    form("GET me/bookings/<uuid:booking_id>/here/", HOLDER),
    form("POST me/bookings/<uuid:booking_id>/here/", HOLDER, {}, answers=frozenset({409})),
    form("GET me/bookings/<uuid:booking_id>/cancel/", HOLDER),
    form("POST me/bookings/<uuid:booking_id>/cancel/", HOLDER, {"version": "1"}),
    form("GET me/waiting/<uuid:waiting_id>/", HOLDER, words=OWN_WAITING),
    form("POST me/waiting/<uuid:waiting_id>/", HOLDER, {}, words=OWN_WAITING),
    form("GET me/waiting/<uuid:waiting_id>/", nobody()),
    form("GET me/results/", facility(PATIENTS)),
    form("GET me/bills/", facility(PATIENTS)),
    form("GET me/priority/<uuid:wish_id>/", HOLDER),
    form("GET me/bills/<uuid:invoice_id>/", HOLDER, words=OWN_BILL),
    form("GET me/bills/<uuid:invoice_id>/file/", HOLDER, words=OWN_BILL),
    form("POST me/bills/<uuid:invoice_id>/pay/", HOLDER, {}, words=OWN_BILL, answers=NOT_SET_UP),
    form("GET book/", facility(PATIENTS)),
    form("GET me/settings/", facility(PATIENTS)),
    *(form("POST me/settings/<slug:what>/", anywhere(PATIENTS), {}, words={"what": what}, answers=answers)
      for what, answers in CHOICES.items()),
    form("GET book/", HOLDER, query="for={patient}"),
    form("GET book/<uuid:doctor_id>/", HOLDER, query="for={patient}"),
    form("GET book/<uuid:doctor_id>/check/", HOLDER, query="for={patient}&slot={free_slot}"),
    form("POST book/<uuid:doctor_id>/check/", HOLDER, {"reason": "x"}, query="for={patient}&slot={free_slot}"),
    form("GET login", everybody()),
    form("GET login/", everybody()),
    form("GET login/staff/", everybody()),
    form("POST login/staff/", everybody(), {}, answers=SHAPE),
    # there is no identity provider here
    form("GET login/provider/", nobody()),
    form("GET login/provider/back/", nobody()),
    # only who has just shown their password comes further, and nobody of these has
    *(form(f"{method} login/staff/{step}/", nobody(), body) for step in ("code", "second-factor")
      for method, body in (("GET", None), ("POST", {"code": "123456"}))),
    form("POST logout/", everybody(), {}),
    form("GET password/", ANY_STAFF),
    form("POST password/", ANY_STAFF, {}, answers=SHAPE),
    form("GET account/", ANY_STAFF),
    form("POST account/sessions/end/", ANY_STAFF, {}),
    form("POST account/sessions/<uuid:session_id>/end/", OF_DOCTOR, {}),
    form("POST account/devices/<uuid:device_id>/end/", OF_DOCTOR, {}),
    form("GET account/second-factor/", ANY_STAFF),
    form("POST account/second-factor/", ANY_STAFF, {}),
    *(form(f"{method} account/second-factor/{what}/", ANY_STAFF, body, answers=answers)
      for what in ("recovery", "remove") for method, body, answers in (("GET", None, OK), ("POST", {}, SHAPE))),
    form("POST language/", everybody(), {"language": "hi"}),
    # --- who waits
    form("GET t/", everybody(), query="code={code}"),
    form("GET t/<str:code>/", everybody(), shows=frozenset({Kind.HOSPITAL, Kind.DEPARTMENT})),
    form("POST t/<str:code>/here/", everybody(), {}, S.ON_HOLD),
    form("POST t/<str:code>/late/", everybody(), {"minutes": "10"}),
    form("GET t/<str:code>/cancel/", everybody(), shows=frozenset({Kind.DEPARTMENT})),
    form("POST t/<str:code>/cancel/", everybody(), {"version": "{version}"}),
    form("POST t/<str:code>/again/", everybody(), {"slot": "{free_slot}"}),
    form("POST t/<str:code>/feedback/", everybody(), {"face": "3"}, S.COMPLETED),
    form("GET t/<str:code>/appointment.ics", everybody(), words={"code": "{booking_code}"}, shows=OF_CALENDAR),
    form("GET checkin/<str:word>", everybody(), words={"word": "wrong"}, answers=SHAPE),
    form("GET checkin", everybody(), answers=SHAPE),
    form("POST checkin", everybody(), {}, answers=SHAPE),
    # --- counters
    form("GET counter/", facility(Principal.NURSE)),
    form("GET counter/<uuid:counter_id>/", OTHERS_COUNTER),
    *(form(COUNTER, OTHERS_COUNTER, OF_VISIT, words={"action": action}) for action in COUNTER_BUTTONS),
    # --- the console
    form("GET console/", facility(DESK, DOCTORS)),
    form("GET console/<uuid:doctor_id>/", OF_QUEUE),
    form("GET console/<uuid:doctor_id>/", OF_QUEUE, None, S.CALLED),
    form("GET console/<uuid:doctor_id>/", OF_QUEUE, None, S.IN_CONSULTATION,
         shows_doctors=frozenset({Kind.PRESCRIPTION})),
    form("GET console/<uuid:doctor_id>/", OF_QUEUE, None, S.ON_HOLD),
    form("GET console/<uuid:doctor_id>/day/", OF_QUEUE, None, S.IN_CONSULTATION),
    form(f"GET {SEND_ON}", OF_QUEUE, None, S.IN_CONSULTATION),
    form(f"POST {SEND_ON}", OF_QUEUE, SEEN_VERSION | REASON | {"place": "{laboratory}"}, S.IN_CONSULTATION),
    *CONSOLES,
    form("POST console/<uuid:doctor_id>/note/<uuid:visit_id>/", OF_DOCTOR, {"note_version": 0, "plan": "x"},
         S.IN_CONSULTATION),
    form("GET console/templates/", facility(DOCTORS)),
    *(form(f"{method} console/templates/new/", facility(DOCTORS), {"name": "Matrix", "plan": "Matrix"})
      for method in ("GET", "POST")),
    *(form(f"{method} console/templates/<uuid:visit_template_id>/", OF_DOCTOR,
           {"name": "Matrix", "plan": "Matrix", "version": "1"})
      for method in ("GET", "POST")),
    form("POST console/templates/<uuid:visit_template_id>/drop/", OF_DOCTOR, {}),
    form("GET results/", facility(DOCTORS)),
    form("GET results/here/", OTHERS_COUNTER),
    form("POST results/alerts/", facility(DOCTORS), {"phone": "98765 43210"}),
    form("GET results/<uuid:order_id>/", OF_DOCTOR),
    form("POST results/<uuid:order_id>/<slug:action>/", OF_DOCTOR, {}, words={"action": "take-back"}),
    form("GET vitals/<uuid:visit_id>/", OF_NURSE),
    form("POST vitals/<uuid:visit_id>/<slug:action>/", OF_NURSE, {"pulse": "72"}, words={"action": "take"}),
    form("GET note/<uuid:visit_id>/", OF_DOCTOR, None, S.COMPLETED, shows=CLINICAL),
    form("GET prescription/<uuid:visit_id>/", OF_DOCTOR, None, S.COMPLETED, shows=CLINICAL),
    form("GET prescription/<uuid:visit_id>/file/", OF_DOCTOR, None, S.COMPLETED),
    form("GET me/opened/<uuid:patient_id>/", HOLDER, shows=WHY),
    form("GET admin/desk/opened/<uuid:patient_id>/", ANY_ADMIN),
    form("GET me/prescriptions/", facility(PATIENTS)),
    form("GET me/prescriptions/<uuid:visit_id>/", HOLDER, None, S.COMPLETED),
    form("GET me/prescriptions/<uuid:visit_id>/file/", HOLDER, None, S.COMPLETED),
    form("POST note/<uuid:visit_id>/<slug:action>/", OF_DOCTOR, {"text": "Matrix"}, S.COMPLETED,
         words={"action": "add"}),
    form("GET record/<uuid:patient_id>/", ANY_CLINICIAN, shows=CLINICAL),
    form("POST record/<uuid:patient_id>/open/", ANY_CLINICIAN, {"reason": "Matrix, by ambulance"}),
    form("POST record/<uuid:patient_id>/close/", ANY_CLINICIAN, {}),
    # --- halls
    form("GET display/", everybody()),
    form("POST display/", everybody(), {}),
    form("GET display/<slug:slug>/", AT_BOARD),
    form("GET display/<slug:slug>/view/", AT_BOARD, None, S.CALLED),
    form("GET display/<slug:slug>/check-in/", AT_BOARD),
    form("GET display/<slug:slug>/check-in/view/", AT_BOARD),
    form("GET display/voice/<uuid:recording_id>/", everybody()),
    form("GET kiosk/", nobody()),
    form("POST kiosk/", nobody(), {"phone": "98765 00000"}),
    form("POST kiosk/help/", nobody(), {}),
    # --- the house
    *(form(f"GET {at}", everybody()) for at in ("manifest.webmanifest", "worker.js", "offline/")),
    form("GET metrics", everybody()),
    form("POST csp-report", everybody(), {}, answers=SHAPE),
    *(form(f"{method} reports/messages/<slug:channel>/", nobody(), body, words={"channel": "sms"})  # only a signature
      for method, body in (("GET", None), ("POST", {}))),
    *(form(f"GET {at}", everybody()) for at in ("health", "health/live", "health/ready", "health/startup")),
    form("GET api/schema/", everybody()),
    form("GET api/docs/", everybody()),
    # --- the desk
    form("GET admin/desk/code-sign-in/", ANY_DESK),
    form("POST admin/desk/code-sign-in/", ANY_DESK, {"phone": "98765 43210"}),
    form("GET admin/desk/code-sign-in/", ANY_DESK),
    form("POST admin/desk/code-sign-in/", ANY_DESK, {"phone": "98765 43210"}),
    form("GET admin/desk/find/", ANY_STAFF, query="q=Devi"),
    form("GET admin/desk/find/", anywhere(STAFF), query="q={last4}"),
    form("GET admin/desk/register/", ANY_DESK),
    form("POST admin/desk/register/", ANY_DESK, REGISTER | {"not_a_duplicate": "1"}),
    form("GET admin/desk/today/", ANY_DESK),
    form("GET admin/desk/today/", anywhere(DESK), query="department={department}"),
    form("GET admin/desk/walk-in/", ANY_DESK, query="patient={patient}"),
    form("POST admin/desk/walk-in/", OF_DESK, WALK_IN, S.COMPLETED, query="patient={patient}"),
    form("POST admin/desk/help/<uuid:help_id>/", ANY_DESK, {}, words={"help_id": "{help}"}),
    form("GET admin/desk/emergency/", ANY_DESK),
    form("POST admin/desk/emergency/", OF_DESK, {"department_id": "{department}", "sex": "unknown"} | REASON),
    form(f"GET {IDENTITY}", ANY_DESK, words=NAMELESS),
    form(f"POST {IDENTITY}", ANY_DESK, REGISTER | {"not_a_duplicate": "1", "version": "1"}, words=NAMELESS),
    *(form(f"{method} {IDENTITY}<uuid:known_id>/", ANY_DESK, body, words=NAMELESS | {"known_id": "{patient}"})
      for method, body in (("GET", None), ("POST", {}))),
    form("GET admin/desk/slip/<uuid:visit_id>/", OF_DESK),
    form("GET admin/desk/slip/<uuid:visit_id>/link/", OF_DESK),
    form("POST admin/desk/slip/<uuid:visit_id>/link/", OF_DESK, {}),
    *DEEDS,
    form("GET admin/desk/visits/<uuid:visit_id>/stations/", OF_DESK),
    form("POST admin/desk/visits/<uuid:visit_id>/stations/", OF_DESK,
         SEEN_VERSION | REASON | {"what": "transfer", "place": "{laboratory}"}),
    form("GET admin/desk/journeys/", ANY_STAFF),
    form("GET admin/desk/journeys/new/", ANY_ADMIN),
    form("POST admin/desk/journeys/new/", ANY_ADMIN, {"name": "Matrix", "step1": "own"}),
    form("GET admin/desk/journeys/<uuid:template_id>/", ANY_ADMIN),
    form("POST admin/desk/journeys/<uuid:template_id>/", ANY_ADMIN, {"name": "Matrix", "step1": "own", "version": "1"}),
    form("GET admin/desk/book/", ANY_DESK, query="patient={patient}&doctor={doctor}&day={tomorrow}"),
    form("POST admin/desk/book/", OF_DESK, {"slot": "free:{free_slot}"}, query="patient={patient}&doctor={doctor}"),
    form("GET admin/desk/day/", ANY_DESK),
    form("GET admin/desk/day/<uuid:doctor_id>/", OF_DESK, query="day={tomorrow}"),
    form("GET admin/desk/day/<uuid:doctor_id>/reassign/", OF_DESK, query="day={tomorrow}"),
    form("POST admin/desk/day/<uuid:doctor_id>/reassign/", OF_DESK, {"doctor": "{doctor}"} | REASON,
         query="day={tomorrow}", answers=frozenset({400})),
    form(f"GET {BOOKING}", OF_DESK),
    form(f"GET {BOOKING}slip/", OF_DESK),
    form(f"GET {BOOKING}move/", OF_DESK),
    form(f"POST {BOOKING}move/", OF_DESK, {"slot": "free:{free_slot}", "version": "1"}),
    *booking_deed("arrive", {}, answers=TOO_EARLY),
    *booking_deed("cancel", REASON | {"version": "1"}),
    *booking_deed("no-show", {}, answers=TOO_EARLY),
    *waiting_deed("move", REASON | {"position": "1"}),
    *waiting_deed("remove", {}),
    *waiting_deed("accept", {}, answers=NOT_NOW),
    *waiting_deed("decline", {}, answers=NOT_NOW),
    *booking_deed("confirm", {}, answers=NOT_NOW),
    # --- the queue's order, its rules and its ledger
    form("GET admin/desk/queues/", ANY_DESK),
    form("GET admin/desk/queues/<uuid:department_id>/", OF_DESK),
    *(form(f"{method} admin/desk/queues/<uuid:department_id>/newcomers/<slug:action>/", OF_CLERK, body,
           words={"action": "close"}) for method, body in (("GET", None), ("POST", REASON))),
    form("GET admin/desk/queues/<uuid:department_id>/rules/", ANY_ADMIN),
    form("POST admin/desk/queues/<uuid:department_id>/rules/", ANY_ADMIN, {}, answers=SHAPE),
    form("GET admin/desk/fairness/", ANY_DESK),
    form("GET admin/desk/feedback/", ANY_ADMIN),
    form("GET admin/desk/overbooking/", ANY_CLERK),
    form("GET admin/desk/overbooking/<uuid:slot_id>/", OF_CLERK, words={"slot_id": "{slot}"}),
    form("POST admin/desk/overbooking/<uuid:slot_id>/", OF_CLERK, {"places": "0"}, words={"slot_id": "{slot}"}),
    form("GET admin/desk/announce/<uuid:doctor_id>/", OF_QUEUE),
    form("POST admin/desk/announce/<uuid:doctor_id>/", OF_QUEUE, {"message": "Matrix", "priority": "high"}),
    form("GET admin/desk/visits/<uuid:visit_id>/", OF_DESK),
    *turn("emergency", REASON),
    *turn("late", {"minutes": "10"}),
    *turn("reassign", REASON | {"doctor": "{doctor}"}),
    *turn("place", REASON | {"position": "1"}),
    form("GET admin/desk/undo/<uuid:visit_id>/", OF_QUEUE),
    form("POST admin/desk/undo/<uuid:visit_id>/", OF_QUEUE, SEEN_VERSION, answers=frozenset({409})),
    form("GET admin/desk/away/", ANY_CLERK),
    form("GET admin/desk/away/<uuid:doctor_id>/", OF_CLERK, query="day={tomorrow}"),
    form("POST admin/desk/away/<uuid:doctor_id>/delay/", OF_CLERK, {"minutes": "20"}, answers=NO_SLOT_TODAY),
    form("GET admin/desk/away/<uuid:doctor_id>/leave/", OF_CLERK, query="first={tomorrow}&reason=Matrix"),
    form("POST admin/desk/away/<uuid:doctor_id>/leave/", OF_CLERK, {"first": "2031-01-06"} | REASON),
    *(form(f"{method} admin/desk/away/<uuid:doctor_id>/leave/<uuid:leave_id>/undo/", OF_CLERK, body)
      for method, body in (("GET", None), ("POST", {}))),
    *(form(f"{method} admin/desk/slots/<uuid:slot_id>/cancel/", OF_CLERK, body, words={"slot_id": "{slot}"})
      for method, body in (("GET", None), ("POST", REASON))),
    *(form(f"{method} admin/desk/escalations/<uuid:booking_id>/", OF_CLERK, body, words={"booking_id": "{stranded}"})
      for method, body in (("GET", None), ("POST", REASON))),
    # --- the administrator's
    form(f"GET {OPENING}", ANY_ADMIN, words={"action": "close"}),
    form(f"POST {OPENING}", ANY_ADMIN, {}, words={"action": "close"}, answers=frozenset({409})),
    form(f"GET {OPENING}", ANY_ADMIN, words={"action": "open"}),
    form(f"POST {OPENING}", ANY_ADMIN, {}, words={"action": "open"}),
    form("GET admin/audit-trail/", ANY_ADMIN),
    form("GET admin/expected-times/", ANY_ADMIN),
    form("POST admin/expected-times/method/", ANY_ADMIN, {"shown": "1", "beside": "2"}),
    form("GET admin/audit-trail/", anywhere(ADMIN), query="entity_id={visit}"),
    form("GET admin/emergency-access/", ANY_ADMIN),
    form("POST admin/emergency-access/<uuid:access_id>/", ANY_ADMIN, {"note": "Matrix"}),
    form("GET admin/devices/", ANY_ADMIN),
    *(form(f"POST {DEVICE}", ANY_ADMIN, {}, words={"action": action}) for action in ("approve", "revoke")),
    form(f"GET {ACCESS}", ANY_ADMIN),
    form(f"POST {ACCESS}sessions/end/", ANY_ADMIN, {}),
    form(f"POST {ACCESS}sessions/<uuid:session_id>/end/", ANY_ADMIN, {}),
    form(f"POST {ACCESS}second-factor/reset/", ANY_ADMIN, {}),
    form("GET admin/parked-events/", ANY_ADMIN),
    form("GET admin/jobs/", ANY_ADMIN),
    form("GET admin/messages/unsent/", ANY_DESK, shows=frozenset({Kind.PHONE})),
    form(
        "POST admin/messages/unsent/<uuid:message_id>/<slug:action>/", ANY_DESK, {},
        words={"message_id": "{unsent}", "action": "told"},
    ),
    form("GET admin/messages/words/", ANY_ADMIN),
    *(form(f"{method} admin/messages/words/<slug:wording_id>/<slug:language>/", anywhere(ADMIN), body,
           words={"wording_id": "booked", "language": "en"})
      for method, body in (("GET", None), ("POST", {"version": "0"}))),
    form(
        "POST admin/messages/words/<slug:wording_id>/sending/<slug:action>/", anywhere(ADMIN), {},
        words={"wording_id": "booked", "action": "stop"},
    ),
    form("POST admin/parked-events/<uuid:event_id>/", ANY_ADMIN, {}),
    form("GET admin/screens/", ANY_ADMIN),
    form("POST admin/screens/", ANY_ADMIN, {}, answers=SHAPE),
    form("GET admin/screens/<uuid:screen_id>/off/", ANY_ADMIN),
    form("POST admin/screens/<uuid:screen_id>/off/", ANY_ADMIN, {}),
    form("GET admin/screens/voice/", ANY_ADMIN),
    form("POST admin/screens/voice/", ANY_ADMIN, {}, answers=SHAPE),
    form("GET admin/screens/voice/<uuid:recording_id>/drop/", ANY_ADMIN),
    form("POST admin/screens/voice/<uuid:recording_id>/drop/", ANY_ADMIN, {}),
    # --- what Django's site brings
    form("GET admin/desk/till/", ANY_CLERK),
    form("GET admin/desk/till/", anywhere(Principal.RECEPTION, ADMIN), query="q={last4}"),
    form("POST admin/desk/till/", OF_CLERK, {"visit": "{visit}"}),
    form("GET admin/desk/invoices/<uuid:invoice_id>/", OF_CLERK),
    form("GET admin/desk/invoices/<uuid:invoice_id>/receipt/", OF_CLERK, words=ISSUED),
    form("GET admin/desk/invoices/<uuid:invoice_id>/file/", OF_CLERK, words=ISSUED),
    *(form(f"POST {BILL_DEED}", OF_BOSS if action in GIVES_BACK else OF_CLERK, body, words={"action": action} | words,
           answers=answers) for action, (body, words, answers) in BILL_DEEDS.items()),
    form("GET admin/desk/day-book/", ANY_ADMIN),
    form(
        "POST admin/desk/day-book/set-aside/<int:event_id>/", ANY_ADMIN, {"finding": "paid twice"},
        words={"event_id": "{told}"},
    ),
    form("GET admin/", ANY_DESK),
    form("GET admin/login/", facility(DESK)),
    form("POST admin/login/", facility(DESK), {}),
    form("POST admin/logout/", everybody(), {}),
    form("GET admin/password_change/", ANY_DESK),
    form("GET admin/password_change/done/", ANY_DESK),
    form("GET admin/autocomplete/", ANY_DESK, query="app_label=scheduling&model_name=doctor&field_name=room&term="),
    form("GET admin/jsi18n/", ANY_DESK),
    form("GET admin/r/<path:content_type_id>/<path:object_id>/", nobody(), words={"content_type_id": "1"}),
    form("GET admin/^(?P<app_label>accounts|scheduling|queue|encounters|billing|display)/$", ANY_DESK),
    form("GET admin/(?P<url>.*)$", nobody()),
]  # fmt: skip
"""Pages and forms."""


@dataclass(frozen=True)
class Keeps:
    """Who looks at a model in the admin, who changes, adds and deletes; `object` names what is asked about."""

    object: str
    reads: Who = ANY_DESK
    changes: Who = ANY_ADMIN
    adds: Who = ANY_ADMIN
    deletes: Who = ANY_ADMIN


ADMIN_MODELS = {
    "accounts/staff": Keeps("{staff}", deletes=nobody()),
    "accounts/facility": Keeps("{facility}", adds=nobody(), deletes=nobody()),
    "scheduling/department": Keeps("{department}", deletes=nobody()),
    "scheduling/room": Keeps("{room}", deletes=nobody()),
    "scheduling/counter": Keeps("{counter}"),
    "scheduling/doctor": Keeps("{doctor}", deletes=nobody()),
    "scheduling/slottemplate": Keeps("{hours}"),
    "scheduling/closedday": Keeps("{closed_day}"),
    "queue/triagerule": Keeps("{rule}"),
    "encounters/investigation": Keeps("{investigation}"),
    "encounters/dietplan": Keeps("{diet}"),
    "billing/price": Keeps("{price}", deletes=nobody()),
    "billing/thingprice": Keeps("{thing}"),
    "billing/discountlimit": Keeps("{limit}"),
    "display/board": Keeps("{board}"),
}
"""Models in the admin, by their address."""


def model_rows(model: str, keeps: Keeps) -> list[Row]:
    """The admin's views of one model. What a form sends is read off the form (`cells.filled`)."""
    at, one = f"admin/{model}/", {"object_id": keeps.object}
    return [
        form(f"GET {at}", keeps.reads),
        form(f"GET {at}", keeps.reads, query="q=e"),
        form(f"GET {at}add/", keeps.adds),
        form(f"POST {at}add/", keeps.adds, {}, answers=SHAPE),
        form(f"GET {at}<path:object_id>/change/", keeps.reads, words=one),
        form(f"POST {at}<path:object_id>/change/", keeps.changes, FROM_PAGE, words=one),
        form(f"GET {at}<path:object_id>/history/", keeps.reads, words=one),
        form(f"GET {at}<path:object_id>/delete/", keeps.deletes, words=one),
        form(f"POST {at}<path:object_id>/delete/", keeps.deletes, {"post": "yes"}, words=one),
        form(f"GET {at}<path:object_id>/", anywhere(keeps.reads.here), words=one),
    ]


FROM_PAGE: dict[str, Any] = {"": "what the administrator's own page would send"}

_OF_STAFF = frozenset({"subscribe", "get-queue-status", "leave-queue", "heartbeat"})

MESSAGES = {
    "ws/patient-queue/": frozenset({"join-queue", "get-queue-status", "leave-queue", "heartbeat"}),
    "ws/doctor-console/": _OF_STAFF,
    "ws/admin-dashboard/": _OF_STAFF,
    "ws/display-boards/": _OF_STAFF,
}
"""What can be said over each socket."""

_CONSOLE_STREAMS = {
    "dept.{department}": OF_QUEUE,
    "staff.{department}": OF_QUEUE,
    "doctor.{doctor}": OF_QUEUE,
    "facility.{facility}": ANY_STAFF,
}
BOARDS = "ws/display-boards/"
SOCKETS: dict[str, dict[str, Who]] = {
    "ws/patient-queue/": {},
    "ws/doctor-console/": _CONSOLE_STREAMS,
    "ws/admin-dashboard/": _CONSOLE_STREAMS | {"desk.{facility}": ANY_STAFF},
    "ws/display-boards/": {"board.{board}": AT_BOARD},
}
"""What can be followed over each socket, and by whom; a stream that is not named is refused there."""

TABLE = [*API, *PAGES, *(row for model, keeps in ADMIN_MODELS.items() for row in model_rows(model, keeps))]
"""Everything."""
