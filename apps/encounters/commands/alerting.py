"""A doctor is told on their own phone of what is dangerous, where they want that. The message says whom to look at, by
the number; never what was found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Forbidden, sentence
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.encounters.models import AlertPhone, Order
from apps.notifications.commands import tell
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.patients.rules.phones import clean_phone
from apps.queue.commands.telling import link_of
from apps.queue.queries.visits import visit_of
from apps.scheduling.queries import doctor_of_staff

LOOK_NOW = wording(
    "look_now",
    Kind.ABNORMAL,
    sentence("{hospital}: please look at {token} now. Something measured or found is dangerous. {link}"),
)

LANGUAGE = "en"
"""What the staff's messages are written in: of an account no language is known."""


@command
def choose_alert_phone(*, actor: Actor, now: datetime, phone: str) -> None:
    """A doctor wants to be told at this number, or, with none, not any more. Raises `Invalid`."""
    actor.require(Permission.VISIT_CONSULT, Scope(actor.facility_id))
    doctor = doctor_of_staff(actor.id) if actor.id else None
    if doctor is None:
        raise Forbidden(permission=str(Permission.VISIT_CONSULT))
    number = clean_phone(phone)
    if number:
        told = {"facility_id": actor.facility_id, "phone": number}
        AlertPhone.objects.update_or_create(doctor_id=doctor.id, defaults=told)
    else:
        AlertPhone.objects.filter(doctor_id=doctor.id).delete()
    record(action="alerts.chosen", entity_type="doctor", entity_id=doctor.id, after={"wanted": bool(number)})


@step
def tell_of_vitals(event: OutboxEvent) -> None:
    """Something dangerous was measured: tell the doctor whom the person is with, or waits for."""
    if event.payload["dangerous"]:
        visit = visit_of(UUID(event.payload["visitId"]))
        if visit.doctor_id:
            _tell(visit.doctor_id, visit, event.payload["vitalsId"])


@step
def tell_of_result(event: OutboxEvent) -> None:
    """A result is critical and was not looked at yet: tell the doctor who ordered the test."""
    if not event.payload["critical"]:
        return
    order = one(Order.objects.filter(id=UUID(event.payload["orderId"])))
    if order and order.critical and order.reported > order.seen:
        _tell(order.doctor_id, visit_of(order.visit_id), f"{order.id} {order.reported}")


def _tell(doctor_id: UUID, visit: Any, about: str) -> None:
    """Once to one doctor about one thing, however many stations hear of it."""
    chosen = one(AlertPhone.objects.filter(doctor_id=doctor_id))
    if chosen is None:
        return
    facility = facility_facts(visit.facility_id)
    tell(
        LOOK_NOW,
        {"hospital": facility.name, "token": visit.token.label, "link": link_of("consoles")},
        recipient=chosen.phone,
        dedupe_key=f"{Kind.ABNORMAL}:{doctor_id}:{about}",
        language=LANGUAGE,
        facility_id=facility.id,
        time_zone=facility.time_zone,
        urgent=True,
    )
