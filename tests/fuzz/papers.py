"""Notes, facts of health, bills and payments, for requests to be about: a visit's second half."""

import hashlib
import hmac
from typing import Any
from uuid import uuid4

from apps.billing.models import Invoice, Payment
from apps.core.policy import Role
from apps.encounters.commands.afterwards import add_diet, refer
from apps.encounters.commands.notes import save_note, sign_off
from apps.encounters.commands.templating import make_template
from apps.encounters.models import Encounter, VisitTemplate
from apps.notifications.models import OwnWording
from apps.patients.commands import note_health_fact
from apps.patients.models import HealthFact
from apps.patients.rules.health import FactKind
from apps.queue.models import Visit
from apps.queue.rules.states import State
from tests.billing.till import Till, till_of
from tests.ward import Ward

SECRET = "by which the gateway of this hospital signs"
WORDING, LANGUAGE = "booked", "hi"
"""The message that requests put into other words."""

MEASURED = {
    "systolic": "120",
    "diastolic": "80",
    "pulse": "72",
    "temperatureC": "36.8",
    "spo2": "98",
    "respiratoryRate": "16",
    "weightKg": "58",
    "heightCm": "160",
    "glucoseMgDl": "96",
}
"""What somebody who is well has."""

EVENT = {"event": "payment_link.paid", "payload": {}}
"""What a gateway tells of a link that nobody here knows: taken in, and set aside by the worker."""


def signed(body: bytes) -> dict[str, str]:
    """The headers by which a gateway's event is believed."""
    return {"X-Razorpay-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def written_on(ward: Ward, visit: Visit, action: str) -> int:
    """See to it that a visit's note is there as this needs it (signed, to be signed), so far as the visit has come; its
    version, 0 where none is."""
    known = Encounter.objects.filter(visit_id=visit.id).first()
    whose = next((doctor for doctor in ward.doctors if doctor.id == visit.doctor_id), None)
    if not whose:
        return known.version if known else 0
    about = {"actor": ward.as_doctor(whose), "now": ward.now, "visit_id": visit.id}
    if action in ("sign-off", "addenda", "keep-as-template") and known is None and visit.state == State.IN_CONSULTATION:
        known = save_note(**about, version=0, subjective="Cough for a week")
    if action in ("referrals", "diet-plans") and visit.state == State.IN_CONSULTATION and not (known and known.outcome):
        refer(**about, to="Dr Sen", reason="Heart")
        known = add_diet(**about, text="Much water")
    if action == "addenda" and known and known.signed_at is None:
        sign_off(**about, version=known.version)
    return known.version if known else 0


def some_template(ward: Ward, doctor: Any) -> VisitTemplate:
    """One of a doctor's own templates, new."""
    about: dict[str, Any] = {"note": {"plan": "Rest"}, "diagnoses": [], "items": [], "tests": []}
    VisitTemplate.objects.filter(doctor_id=doctor.id).delete()
    return make_template(actor=ward.as_doctor(doctor), now=ward.now, name=f"Template {uuid4()}", **about)


def some_fact(ward: Ward) -> HealthFact:
    """Something noted of somebody new."""
    about = {"patient_id": ward.register().id, "kind": FactKind.CONDITION, "what": "Asthma"}
    return note_health_fact(actor=ward.rao, now=ward.now, **about)


def some_invoice(ward: Ward, action: str) -> Invoice:
    """The bill of somebody new: a draft, one with a discount to decide on, or one with its number, to be paid."""
    till = till_of(ward)
    draft = till.draft()
    if action == "decision":
        till.discount(draft, by=ward.as_role(Role.RECEPTION), percent="50")
    return Invoice.objects.get(id=(till.issue(draft) if action == "payments" else draft).id)


def some_payment(ward: Ward) -> Payment:
    """Cash that somebody new has paid."""
    till: Till = till_of(ward)
    taken: Payment = till.pay(till.issued())
    return taken


def words_version() -> int:
    """The version of the hospital's own words that requests change."""
    known: Any = OwnWording.objects.filter(name=WORDING, language=LANGUAGE).values_list("version", flat=True)
    return int(known.first() or 0)
