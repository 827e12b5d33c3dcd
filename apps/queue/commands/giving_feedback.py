"""Somebody says how their visit was (requirements REP-3)."""

from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Invalid, sentence
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.core.statements import insert, write
from apps.queue.commands.moving import NotAllowed, locked_visit, stand
from apps.queue.models import Feedback
from apps.queue.queries.own import own_visit_of
from apps.queue.rules.feedback import LONGEST_COMMENT, Face
from apps.queue.rules.states import State


@command
def say_how_it_was(*, actor: Actor, now: datetime, visit_id: UUID, face: int, comment: str | None = None) -> Feedback:
    """Note a face about a finished visit, and words; said again, the last counts. Without words (None) those that were
    said before stay.

    Raises `NotFound` for anybody else's visit, `NotAllowed` before it is finished, `Invalid`.
    """
    own_visit_of(actor, visit_id)
    visit = locked_visit(visit_id, Permission.VISIT_TELL_OWN)
    if visit.state != State.COMPLETED:
        raise NotAllowed(extra=stand(visit))
    if comment is not None and len(comment) > LONGEST_COMMENT:
        raise Invalid({"comment": [sentence("At most 500 letters.")]})
    said = {"face": int(_face(face)), "said_at": now} | ({} if comment is None else {"comment": comment.strip()})
    known = one(Feedback.objects.filter(token_id=visit.token_id))
    before = {"face": known.face} if known else None
    if known:
        write(known, **said)
    else:
        about = {"facility_id": visit.facility_id, "token_id": visit.token_id, "day": visit.day}
        known = Feedback(**about, department_id=visit.department_id, doctor_id=visit.doctor_id, **said)
        insert(known)
    record(
        action="visit.feedback",
        entity_type="visit",
        entity_id=visit.id,
        before=before,
        after={"face": known.face, "words": bool(known.comment)},
    )
    return known


def _face(number: int) -> Face:
    try:
        return Face(number)
    except ValueError:
        raise Invalid({"face": [sentence("Choose one of the three faces.")]}) from None
