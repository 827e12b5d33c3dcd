"""Prescribing: drafted while the patient is in the room, signed by the command that completes the visit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, sentence
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.encounters.models import Favourite, PrescriptionDraft
from apps.encounters.queries.medicines import (
    draft_of_visit,
    items_of,
    known_ingredients,
    last_prescribed,
    medicine_labelled,
    warning_json,
    warning_text,
    warnings_for,
)
from apps.encounters.rules.outcome import LineGone
from apps.encounters.rules.prescribing import SHORTEST_REASON, Item, Warned, checked_items, told_by_name, unanswered
from apps.queue.commands.moving import locked_visit, require_own_hands
from apps.queue.rules.states import TERMINAL, State

Drafted = tuple[PrescriptionDraft, list[Warned]]


class NotPrescribing(Conflict):
    code = "not_in_consultation"
    detail = sentence("Medicines are prescribed while the patient is with the doctor, and this one is not.")


class NeedsReason(Conflict):
    code = "warnings_need_a_reason"
    detail = sentence("%(warnings)s Say why it is prescribed all the same, or choose another medicine.")

    def __init__(self, found: Sequence[Warned]) -> None:
        said = " ".join(warning_text(warned) for warned in found)
        super().__init__(warnings=said, extra={"warnings": [warning_json(warned) for warned in found]})


class NothingToRepeat(Conflict):
    code = "nothing_to_repeat"
    detail = sentence("No earlier prescription with medicines is known in this department.")


@command
def prescribe(
    *, actor: Actor, now: datetime, visit_id: UUID, items: Sequence[Mapping[str, Any]], override_reason: str = ""
) -> Drafted:
    """Draft a prescription: these lines in place of what was drafted. It changes neither the note's nor the visit's
    version. Raises `NotPrescribing`, `NeedsReason`, `Invalid`."""
    visit, draft = _in_the_room(actor, visit_id)
    return _write(visit, draft, _resolved(items), override_reason)


@command
def add_medicine(
    *, actor: Actor, now: datetime, visit_id: UUID, item: Mapping[str, Any], override_reason: str = ""
) -> Drafted:
    """One line more."""
    visit, draft = _in_the_room(actor, visit_id)
    return _write(visit, draft, [*items_of(draft), *_resolved([item])], override_reason)


@command
def add_favourite(*, actor: Actor, now: datetime, visit_id: UUID, favourite_id: UUID) -> Drafted:
    """One of the doctor's own usual lines more. Raises `LineGone`."""
    visit, draft = _in_the_room(actor, visit_id)
    kept = one(Favourite.objects.filter(id=favourite_id, doctor_id=visit.doctor_id))
    if kept is None:
        raise LineGone
    names = ("medicine", "dose", "frequency", "days", "instructions")
    line = {name: getattr(kept, name) for name in names}
    return _write(visit, draft, [*items_of(draft), *_resolved([line])], "")


@command
def remove_medicine(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> Drafted:
    """One line less, by its place from 0; what else is open stays open. Raises `LineGone`."""
    visit, draft = _in_the_room(actor, visit_id)
    items = items_of(draft)
    if not 0 <= place < len(items):
        raise LineGone
    return _write(visit, draft, [*items[:place], *items[place + 1 :]], "", asks=False)


@command
def repeat_last(*, actor: Actor, now: datetime, visit_id: UUID, override_reason: str = "") -> Drafted:
    """The lines of the last prescription of this department once more. Raises `NothingToRepeat`."""
    visit, draft = _in_the_room(actor, visit_id)
    last = last_prescribed(visit.patient_id, visit.department_id)
    if not last:
        raise NothingToRepeat
    drafted = items_of(draft)
    return _write(visit, draft, [*drafted, *(item for item in last if item not in drafted)], override_reason)


@command
def keep_favourite(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> None:
    """Keep a drafted line as one that this doctor prescribes often. Raises `LineGone`."""
    visit, draft = _in_the_room(actor, visit_id)
    items = items_of(draft)
    if not 0 <= place < len(items):
        raise LineGone
    line = items[place].values()
    del line["ingredients"]
    Favourite.objects.get_or_create(
        facility_id=visit.facility_id, doctor_id=visit.doctor_id, **line, defaults={"kept_at": now}
    )
    record(action="favourite.kept", entity_type="doctor", entity_id=visit.doctor_id)


@command
def drop_favourite(*, actor: Actor, now: datetime, visit_id: UUID, favourite_id: UUID) -> None:
    """A line is not among the doctor's own usual ones any more. Raises `LineGone`."""
    visit, _draft = _in_the_room(actor, visit_id)
    gone, _rows = Favourite.objects.filter(id=favourite_id, doctor_id=visit.doctor_id).delete()
    if not gone:
        raise LineGone
    record(action="favourite.dropped", entity_type="doctor", entity_id=visit.doctor_id)


@step
def take_draft(visit: Any, reason: str = "") -> PrescriptionDraft | None:
    """The draft that is signed with its visit, taken out of the drafts; none that another doctor has left behind.
    What is known of the person since may speak against it, unless a reason is given: raises `NeedsReason`."""
    draft = draft_of_visit(visit.id, lock=True)
    if draft is None:
        return None
    items = items_of(draft)
    if draft.doctor_id == visit.doctor_id and items:
        open_now = unanswered(warnings_for(items, visit.patient_id), draft.content["overridden"])
        if open_now:
            _override(draft, open_now, reason)
    draft_id = draft.id
    draft.delete()
    draft.id = draft_id
    return draft if draft.doctor_id == visit.doctor_id and items else None


@step
def drop_draft(visit_id: UUID) -> None:
    """A consultation ended in another way: what was drafted dies with it."""
    PrescriptionDraft.objects.filter(visit_id=visit_id).delete()


@step
def forget_draft(event: OutboxEvent) -> None:
    """A visit was sent elsewhere, taken off or given up, or is with another doctor: its draft goes with it. Events come
    late; what counts is how the visit stands now."""
    if event.payload.get("to") not in {*TERMINAL, State.IN_CONSULTATION}:
        return
    over = Q(visit__state__in=TERMINAL)
    with_another = Q(visit__state=State.IN_CONSULTATION) & ~Q(doctor_id=F("visit__doctor_id"))
    PrescriptionDraft.objects.filter(over | with_another, visit_id=UUID(event.payload["visitId"])).delete()


@step
def _in_the_room(actor: Actor, visit_id: UUID) -> tuple[Any, PrescriptionDraft | None]:
    """The visit, under the lock of its queue, and what is drafted; the state can change for nobody meanwhile."""
    visit = locked_visit(visit_id, Permission.VISIT_CONSULT)
    require_own_hands(actor, visit.doctor)
    if visit.state != State.IN_CONSULTATION:
        raise NotPrescribing
    return visit, drafted_by(visit)


@step
def drafted_by(visit: Any) -> PrescriptionDraft | None:
    """What the visit's doctor has drafted, under a lock; what another doctor has left behind is thrown away."""
    draft = draft_of_visit(visit.id, lock=True)
    if draft and draft.doctor_id != visit.doctor_id:
        drop_draft(visit.id)
        return None
    return draft


@step
def add_lines(visit: Any, items: Sequence[Mapping[str, Any]], override_reason: str = "") -> Drafted:
    """Lines more, of the person in the room, that are not drafted yet. Raises `NeedsReason`, `Invalid`."""
    draft = drafted_by(visit)
    drafted = items_of(draft)
    known = [item.values() for item in drafted]
    new = [item for item in _resolved(items) if item.values() not in known]
    return _write(visit, draft, [*drafted, *new], override_reason)


def _resolved(items: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Lines with the ingredients of what is on the list; of another medicine with what its name tells, or its name."""
    known = medicine_labelled(str(item["medicine"]) for item in items)
    all_listed = all(str(item["medicine"]).strip().lower() in known for item in items)
    ingredients = set() if all_listed else known_ingredients()
    found = []
    for item in items:
        name = str(item["medicine"]).strip()
        listed = known.get(name.lower())
        found.append(
            Item(
                medicine=str(listed) if listed else name,
                frequency=item["frequency"].strip(),
                days=item["days"],
                dose=item.get("dose", "").strip(),
                instructions=item.get("instructions", "").strip(),
                ingredients=tuple(listed.ingredients) if listed else told_by_name(name, ingredients) or (name.lower(),),
            )
        )
    return found


def _override(draft: PrescriptionDraft, open_now: Sequence[Warned], reason: str) -> None:
    """These warnings are answered with a reason. Raises `NeedsReason`."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise NeedsReason(open_now)
    draft.override_reason = "\n".join(part for part in (draft.override_reason, reason.strip()) if part)


@step
def _write(
    visit: Any, draft: PrescriptionDraft | None, items: list[Item], reason: str, *, asks: bool = True
) -> Drafted:
    checked_items(items)
    found = warnings_for(items, visit.patient_id)
    before = draft.content.get("overridden", []) if draft else []
    open_now = unanswered(found, before)
    draft = draft or PrescriptionDraft(facility_id=visit.facility_id, visit_id=visit.id, doctor_id=visit.doctor_id)
    if asks and open_now:
        _override(draft, open_now, reason)
        before = [*before, *(warned.key for warned in open_now)]
    draft.version += 1
    answered = [warned.key for warned in found if warned.key in before]
    draft.content = {"items": [item.values() for item in items], "overridden": answered}
    draft.save()
    record(
        action="prescription.drafted",
        entity_type="prescription",
        entity_id=draft.id,
        after={"visitId": str(visit.id), "version": draft.version, "overridden": len(open_now) if asks else 0},
    )
    return draft, found
