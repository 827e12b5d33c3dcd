"""What comes after a visit: a day to come again, a referral, a diet. Drafted in the room, signed with the note."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.commands import command, step
from apps.core.errors import Invalid, sentence
from apps.core.policy import Actor
from apps.encounters.commands.outcome import in_the_room, keep
from apps.encounters.models import Encounter
from apps.encounters.queries.diets import words_of
from apps.encounters.rules.outcome import LineGone, with_diet, with_follow_up, with_referral, without
from apps.queue.commands import book_follow_up, go_next_to, go_not_to
from apps.scheduling.queries import department_of


@command
def set_follow_up(
    *, actor: Actor, now: datetime, visit_id: UUID, on: date | None = None, days: int | None = None
) -> Encounter:
    """The doctor wants to see the person again on a day, or so many days from now; neither: not again. The place is
    booked when the visit is completed. Raises `Invalid`."""
    encounter = in_the_room(actor, visit_id)
    today = facility_facts(encounter.facility_id).day_of(now)
    wished = today + timedelta(days=days) if days is not None else on
    return keep(encounter, "follow_up.set", with_follow_up(encounter.outcome, wished, today))


@command
def refer(
    *, actor: Actor, now: datetime, visit_id: UUID, reason: str, to: str = "", department_id: UUID | None = None
) -> Encounter:
    """Refer somebody: to a department of the hospital, where they go next under the same number when the visit is
    completed; or to somebody outside of it, by a letter. Raises `Invalid`, `DepartmentClosed`, `CountersClosed`."""
    encounter = in_the_room(actor, visit_id, (department_id,) if department_id else ())
    if department_id:
        to = department_of(department_id).name
    drafted = with_referral(encounter.outcome, str(department_id) if department_id else None, to, reason)
    if department_id and drafted is not encounter.outcome:
        if any(row["departmentId"] == str(department_id) for row in encounter.outcome.get("referrals", [])):
            raise Invalid({"departmentId": [sentence("This person is referred there already.")]})
        go_next_to(encounter.visit, department_id)
    return keep(encounter, "referral.added", drafted)


@command
def drop_referral(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> Encounter:
    """One referral less, by its place from 0; the person does not go there next. Raises `LineGone`."""
    encounter = in_the_room(actor, visit_id)
    rows = encounter.outcome.get("referrals", [])
    drafted = without(encounter.outcome, "referrals", place)
    if rows[place]["departmentId"]:
        go_not_to(encounter.visit, UUID(rows[place]["departmentId"]))
    return keep(encounter, "referral.removed", drafted)


@command
def add_diet(*, actor: Actor, now: datetime, visit_id: UUID, code: str = "", text: str = "") -> Encounter:
    """Give somebody a diet plan of the hospital, one in free words, or both. Raises `LineGone` for a plan that is not
    there any more, `Invalid`."""
    encounter = in_the_room(actor, visit_id)
    words = words_of(code) if code else {}
    if code and not words:
        raise LineGone
    return keep(encounter, "diet.added", with_diet(encounter.outcome, code, words, text))


@command
def drop_diet(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> Encounter:
    """One diet less, by its place from 0. Raises `LineGone`."""
    encounter = in_the_room(actor, visit_id)
    return keep(encounter, "diet.removed", without(encounter.outcome, "diets", place))


@step
def carry_out(encounter: Encounter, visit: Any) -> None:
    """The visit is completed: whom the doctor wants to see again has a place for it, where one is open that day."""
    told = encounter.outcome.get("followUp")
    if not told or encounter.follow_up_id:
        return
    booked = book_follow_up(visit, date.fromisoformat(told["on"]))
    if booked:
        encounter.follow_up = booked
        encounter.save(update_fields=["follow_up"])
