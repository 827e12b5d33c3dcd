"""Who opened a person's record, as that person and the administration read it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.accounts.queries import staff_names
from apps.audit.queries import openings
from apps.core.policy import ActorType
from apps.patients.rules.openings import NO_VISIT, ROLE_WORDS, WITHOUT_A_VISIT, Stay, what_was_done, why
from apps.queue.queries.visits import visits_of_patient


def openings_of(person: Any) -> QuerySet[Any]:
    """Every opening of a record, the newest first."""
    return openings(person.facility_id, person.id)


def openings_told(entries: Sequence[Any], patient_id: UUID) -> list[dict[str, Any]]:
    """Openings in plain words: `{at, who, what, why, reason, outside}`, `what` a whole sentence. `reason` is what was
    written for an emergency; `outside` says that somebody of the staff looked while no visit was going on."""
    names = staff_names({entry.actor_id for entry in entries if entry.actor_id})
    stays = _stays(entries, patient_id)
    return [_told(entry, names.get(entry.actor_id, ""), stays) for entry in entries]


def _told(entry: Any, name: str, stays: list[Stay]) -> dict[str, Any]:
    by_staff = entry.actor_type == ActorType.STAFF
    because = why(entry.at, entry.actor_id, stays) if by_staff else ""
    if because == NO_VISIT and entry.reason in WITHOUT_A_VISIT:
        because = ""
    return {
        "at": entry.at,
        "who": _who(entry, name),
        "what": gettext(what_was_done(entry.action, entry.reason)) % {"who": _who(entry, name)},
        "why": gettext(because) if because else "",
        "outside": because == NO_VISIT,
        "reason": entry.reason if entry.action.endswith("break_glass") else "",
    }


def _who(entry: Any, name: str) -> str:
    if entry.actor_type == ActorType.STAFF:
        role = gettext(ROLE_WORDS[entry.actor_role]) if entry.actor_role in ROLE_WORDS else ""
        return ", ".join(part for part in (name or gettext("Somebody of the staff"), role) if part)
    if entry.actor_type == ActorType.PATIENT:
        return gettext("Somebody with your phone")
    return gettext("The hospital's system")


def _stays(entries: Sequence[Any], patient_id: UUID) -> list[Stay]:
    """The person's visits of the time that these entries span, in one statement."""
    if not entries:
        return []
    first, last = min(entry.at for entry in entries), max(entry.at for entry in entries)
    visits = visits_of_patient(patient_id).filter(scanned_at__lte=last).exclude(ended_at__lt=first)
    return [
        Stay(
            visit.scanned_at,
            visit.ended_at,
            visit.consultation_started_at,
            visit.doctor.staff_id if visit.doctor else None,
        )
        for visit in visits
    ]
