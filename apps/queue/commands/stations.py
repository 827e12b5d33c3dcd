"""The hospital says which journeys it has, and through which stations each leads."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.queue.commands.moving import VersionConflict
from apps.queue.models import JourneyStation, JourneyTemplate
from apps.queue.rules.journeys import MOST_STATIONS, MOST_STEPS
from apps.scheduling.commands import set_usual_journey
from apps.scheduling.queries import department_names


@dataclass(frozen=True, slots=True)
class Usual:
    """For what a journey is the usual one: departments, and types of visit."""

    departments: frozenset[UUID] = frozenset()
    visit_types: frozenset[UUID] = frozenset()


class NameTaken(Conflict):
    code = "name_taken"
    detail = sentence("There is a journey of this name already.")


@command
def change_template(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    stations: list[tuple[int, UUID | None]],
    active: bool = True,
    template_id: UUID | None = None,
    expected_version: int | None = None,
    usual_for: Usual | None = None,
) -> JourneyTemplate:
    """Make a journey, or write one anew. `stations` are steps and departments, None for the consultation that
    somebody came for; who is under way goes on as planned. `usual_for`: what people come for who begin it by
    themselves, whichever way they arrive; left out, that stays as it is. Raises `NameTaken`, `VersionConflict`,
    `Invalid`.
    """
    actor.require(Permission.JOURNEY_CHANGE, Scope(actor.facility_id))
    assert actor.facility_id, "whoever changes a hospital belongs to it"
    lock_streams(facility_stream(actor.facility_id))
    _require_stations(name, stations)
    row = JourneyTemplate.objects.filter(id=template_id).first() if template_id else None
    if template_id and row is None:
        raise NotFound
    others = JourneyTemplate.objects.exclude(id=row.id) if row else JourneyTemplate.objects.all()
    if others.filter(name=name).exists():
        raise NameTaken
    if row and expected_version is not None and expected_version != row.version:
        raise VersionConflict
    before = _values(row) if row else None
    row = row or JourneyTemplate(facility_id=actor.facility_id, version=0)
    row.name, row.active, row.version = name, active, row.version + 1
    row.save()
    row.stations.all().delete()
    in_order = sorted(stations, key=lambda station: station[0])
    JourneyStation.objects.bulk_create(
        JourneyStation(template=row, step=step, department_id=place) for step, place in in_order
    )
    usual: dict[str, object] = {}
    if usual_for is not None:
        set_usual_journey(row.id, usual_for.departments, usual_for.visit_types)
        usual = {"usualFor": sorted(str(id_) for id_ in usual_for.departments | usual_for.visit_types)}
    record(
        action="journey_template.changed" if before else "journey_template.created",
        entity_type="journey_template",
        entity_id=row.id,
        before=before,
        after=_values(row) | usual,
    )
    return row


def _require_stations(name: str, stations: list[tuple[int, UUID | None]]) -> None:
    known = {id_ for id_, _name in department_names()}
    if not name.strip():
        raise Invalid({"name": [sentence("Give it a name.")]})
    if not 0 < len(stations) <= MOST_STATIONS or any(not 1 <= step <= MOST_STEPS for step, _ in stations):
        raise Invalid({"stations": [sentence("Name between one and twenty-four stations in up to twelve steps.")]})
    if any(place is not None and place not in known for _, place in stations) or len(set(stations)) < len(stations):
        raise Invalid({"stations": [sentence("A station stands there twice or is no department of this hospital.")]})


def _values(row: JourneyTemplate) -> dict[str, object]:
    stations = [
        [step, str(place) if place else None] for step, place in row.stations.values_list("step", "department_id")
    ]
    return {"name": row.name, "active": row.active, "version": row.version, "stations": stations}
