"""Visits as those see them whose own they are: place, who is being served, no other person."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from apps.core.commands import hidden_from
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.core.statements import any_of, prepared
from apps.eta.queries import said_of
from apps.queue.models import Visit
from apps.queue.queries.standing import being_seen, most_present
from apps.queue.queries.visits import position, visits_with_names
from apps.queue.rules.states import OPEN, QUEUED
from apps.scheduling.queries import departments_of_bookings

LATEST_FIRST = ("-day", "-number", "-ended_at", "-scanned_at")


def own_visits(actor: Actor) -> QuerySet[Visit]:
    """Visits that are somebody's own, the one rule for it: of who proved by a code that they hold a phone, those of
    the people who are under it now; of who came by a link or a restore token, the visit that it was made for and what
    came of it under the same number."""
    mine = Q(patient__phone_index=actor.phone_index) if actor.phone_index else Q(token__visits__id=actor.subject_id)
    return visits_with_names().filter(mine) if actor.role is None else Visit.objects.none()


def own_visit_of(actor: Actor, visit_id: UUID) -> Visit:
    """One of somebody's own visits. Raises `NotFound` for anybody else's, as for none."""
    visit = one(own_visits(actor).filter(id=visit_id))
    if visit is None:
        raise hidden_from(actor, Permission.VISIT_READ_OWN)
    return visit


def watched_departments(actor: Actor) -> list[UUID]:
    """Where somebody waits, the latest visit first: by an open visit of their own, or by that of their link; by the
    link of a booking, where they will."""
    if not actor.may(Permission.VISIT_READ_OWN):
        return []
    watched = own_visits(actor).filter(Q(state__in=sorted(OPEN)) | Q(id=actor.subject_id))
    found = list(watched.order_by(*LATEST_FIRST).values_list("department_id", flat=True))
    booked = departments_of_bookings({actor.subject_id}) if actor.subject_id and not found else {}
    return list(booked.values()) or found


def departments_of_links(actors: Sequence[Actor]) -> dict[UUID, UUID]:
    """Where each of these holders of a link waits, by their credential: the department of the station that their page
    shows."""
    links = {actor.subject_id for actor in actors if actor.subject_id}
    shown: dict[UUID, tuple[Any, UUID]] = {}
    for link, department_id, *about in _under(list(links)):
        rank = most_present(*about)
        if link not in shown or rank < shown[link][0]:
            shown[link] = rank, department_id
    found = {link: department_id for link, (_, department_id) in shown.items()}
    found |= departments_of_bookings(links - found.keys())
    return {a.credential_id: found[a.subject_id] for a in actors if a.credential_id and a.subject_id in found}


@prepared
def _under(links: Sequence[UUID]) -> QuerySet[Visit, tuple[Any, ...]]:
    under = Visit.objects.annotate(link=F("token__visits__id")).filter(link=any_of(links))
    return under.values_list("link", "department_id", "state", "scanned_at", "department__code")


def open_today(actor: Actor, day: date) -> QuerySet[Visit]:
    """Own visits that are not over, and today's that are, the open ones by their number."""
    return own_visits(actor).filter(Q(state__in=sorted(OPEN)) | Q(day=day)).order_by("patient__name", "number")


def past_visits(actor: Actor, day: date) -> QuerySet[Visit]:
    """Own visits of days before, the newest first."""
    return own_visits(actor).filter(day__lt=day).exclude(state__in=sorted(OPEN)).order_by("-day", "-number", "id")


def own_visit(visit: Visit) -> dict[str, Any]:
    """`GET patient/visits/{id}` without the prescription, which `encounters` adds."""
    said = said_of([visit.id]).get(visit.id) if visit.state in QUEUED else None
    return {
        "visitId": str(visit.id),
        "tokenNumber": visit.token.token_number,
        "tokenLabel": visit.token.label,
        "state": visit.state,
        "position": position(visit),
        "nowServing": being_seen(visit.department_id),
        "department": {"id": str(visit.department_id), "name": visit.department.name},
        "etaFrom": said.earliest.isoformat() if said else None,
        "etaTo": said.latest.isoformat() if said else None,
        "etaReason": gettext(said.reason) if said and said.reason else None,
        "prescription": None,
        "version": visit.version,
    }
