"""It is known now whose numbers, bookings and waits these are: a step for the commands of `queue`.

The streams of `places_held_by` must be locked by the caller.
"""

from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import step
from apps.core.outbox import emit
from apps.scheduling import events
from apps.scheduling.commands.booking import change
from apps.scheduling.commands.hall import AlreadyBooked
from apps.scheduling.commands.waiting import AlreadyWaiting
from apps.scheduling.models import Appointment, Token, WaitingEntry
from apps.scheduling.queries import has_booking
from apps.scheduling.rules.appointments import LIVE
from apps.scheduling.rules.waiting import WaitingState


@step
def hand_all(patient_id: UUID, known_id: UUID) -> None:
    """All numbers, bookings and waits of one record are another one's. Raises `AlreadyBooked`, `AlreadyWaiting` where
    the known person has one themselves with the same doctor on the same day."""
    Token.objects.filter(patient_id=patient_id).update(patient_id=known_id)
    for row in Appointment.objects.select_for_update().filter(patient_id=patient_id).order_by("id"):
        if row.state in LIVE and has_booking(known_id, row.doctor_id, row.day):
            raise AlreadyBooked
        change(row, patient_id=known_id)
        _tell("appointment", row, patient_id)
    for entry in WaitingEntry.objects.select_for_update().filter(patient_id=patient_id).order_by("id"):
        if entry.state == WaitingState.WAITING:
            _require_no_other(entry, known_id)
        change(entry, patient_id=known_id)
        _tell("waiting_entry", entry, patient_id)


def _require_no_other(entry: WaitingEntry, known_id: UUID) -> None:
    if has_booking(known_id, entry.doctor_id, entry.preferred_day):
        raise AlreadyBooked
    same = WaitingEntry.objects.filter(doctor_id=entry.doctor_id, preferred_day=entry.preferred_day)
    if same.filter(patient_id=known_id, state=WaitingState.WAITING).exists():
        raise AlreadyWaiting


def _tell(kind: str, row: Appointment | WaitingEntry, patient_id: UUID) -> None:
    record(
        action=f"{kind}.recognised",
        entity_type=kind,
        entity_id=row.id,
        before={"patientId": str(patient_id), "version": row.version - 1},
        after={"patientId": str(row.patient_id), "version": row.version},
    )
    emit(events.queue_updated(row.department_id, "recognised", entryId=str(row.id)))
