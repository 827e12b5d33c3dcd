"""Who waits is asked before a freed place is theirs: it is held meanwhile, and the first to accept gets it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.core.outbox import emit
from apps.scheduling import events
from apps.scheduling.commands.booking import (
    confirm,
    end,
    seat,
    sit,
    tell,
)
from apps.scheduling.commands.hall import (
    Hall,
)
from apps.scheduling.commands.waiting import (
    end_waiting,
    wish_of,
)
from apps.scheduling.models import Appointment, Offer, Slot, WaitingEntry
from apps.scheduling.queries import has_booking, live_appointments, offers_of
from apps.scheduling.rules.allocation import Place
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.offers import Consent, OfferState, has_lapsed
from apps.scheduling.rules.waiting import WaitingState


class OfferOver(Conflict):
    code = "offer_over"
    detail = sentence("This offer is over: somebody else was faster, or its time has passed. You still wait.")


@step
def offer_places(hall: Hall, waiting: Sequence[WaitingEntry], consent: Consent) -> list[Offer]:
    """Ask about every free place, in the list's order, and hold it meanwhile. Nobody is asked twice about the same
    slot, nor about two places at once."""
    asked = offers_of(entry.id for entry in waiting)
    free = [entry for entry in waiting if not asked[entry.id].open and not _has_place(entry)]
    made: list[Offer] = []
    while free:
        entry = free.pop(0)
        decision = hall.decide(wish_of(entry), gently=True, but=asked[entry.id].slots)
        if not isinstance(decision, Place):
            continue
        others = [one for one in free if decision.slot_id not in asked[one.id].slots][: consent.offered_to - 1]
        made += _offer(hall, decision.slot_id, [entry, *others], consent)
        free = [one for one in free if one not in others]
    return made


@step
def accept_offer(entry: WaitingEntry) -> Appointment:
    """The place that somebody is asked about becomes theirs. Raises `OfferOver`."""
    offer = entry.offers.select_related("hold__slot", "hold__token").filter(state=OfferState.OPEN).first()
    if offer is None or has_lapsed(offer.expires_at, unit().now):
        raise OfferOver
    _end(offer, OfferState.ACCEPTED)
    for other in Offer.objects.filter(hold=offer.hold, state=OfferState.OPEN):
        _end(other, OfferState.TAKEN)
    if offer.hold.patient_id == entry.patient_id:
        row = confirm(offer.hold)
    else:
        end(offer.hold, AppointmentState.CANCELLED, "somebody else who was asked was faster")
        slot = Slot.objects.select_for_update().get(id=offer.slot_id)
        row = seat(slot, live_appointments([slot.id])[slot.id], wish_of(entry))
    end_waiting(entry, WaitingState.ALLOCATED, appointment=row)
    return row


@step
def decline_offer(entry: WaitingEntry) -> None:
    """Somebody does not want the place they are asked about, and goes on waiting. When nobody else is asked about
    it, the place is free again. Raises `OfferOver`."""
    offer = entry.offers.select_related("hold__slot", "hold__token").filter(state=OfferState.OPEN).first()
    if offer is None:
        raise OfferOver
    _end(offer, OfferState.DECLINED)
    if not Offer.objects.filter(hold=offer.hold, state=OfferState.OPEN).exists():
        end(offer.hold, AppointmentState.CANCELLED, "nobody who was asked wanted it")


def _has_place(entry: WaitingEntry) -> bool:
    return has_booking(entry.patient_id, entry.doctor_id, entry.preferred_day)


def _offer(hall: Hall, slot_id: UUID, entries: list[WaitingEntry], consent: Consent) -> list[Offer]:
    slot, ends = hall.slots[slot_id], unit().now + consent.offer
    hold = sit(slot, hall.live[slot_id], wish_of(entries[0]), state=AppointmentState.HELD, hold_expires_at=ends)
    tell(hold, "appointment.held", events.HELD)
    return [_ask(entry, hold, ends) for entry in entries]


def _ask(entry: WaitingEntry, hold: Appointment, ends: datetime) -> Offer:
    offer = Offer.objects.create(
        facility_id=hold.facility_id,
        entry=entry,
        slot=hold.slot,
        hold=hold,
        state=OfferState.OPEN,
        made_at=unit().now,
        expires_at=ends,
    )
    _tell_offer(offer, entry)
    return offer


def _end(offer: Offer, state: OfferState) -> None:
    offer.state, offer.ended_at = state, unit().now
    offer.save(update_fields=["state", "ended_at"])
    _tell_offer(offer, offer.entry)


def _tell_offer(offer: Offer, entry: WaitingEntry) -> None:
    after = {"state": offer.state, "slotId": str(offer.slot_id), "expiresAt": offer.expires_at.isoformat()}
    record(action=f"offer.{offer.state.lower()}", entity_type="waiting_entry", entity_id=entry.id, after=after)
    emit(events.offered(entry.department_id, entry.id, entry.version, offer.state))
