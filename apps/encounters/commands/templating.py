"""A doctor's own templates: kept, changed, thrown away, and filled into a visit in consultation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, sentence
from apps.core.policy import Actor
from apps.encounters.commands.notes import write_draft
from apps.encounters.commands.ordering import order_what_is_left, tests_called
from apps.encounters.commands.outcome import coded, in_the_room, keep
from apps.encounters.commands.prescribing import Drafted, add_lines, drafted_by
from apps.encounters.models import Encounter, VisitTemplate
from apps.encounters.queries.investigations import still_to_be_done
from apps.encounters.queries.medicines import items_of
from apps.encounters.queries.notes import draft_of
from apps.encounters.queries.templates import doctor_with_templates, template_of, templates_of
from apps.encounters.rules.outcome import with_diagnosis
from apps.encounters.rules.prescribing import Item
from apps.encounters.rules.templates import LINE, MOST_TEMPLATES, Content, content_of, filled, title


class TemplateNamed(Conflict):
    code = "template_named"
    detail = sentence("You have a template of this name. Choose another name, or change that one.")


class TemplateChanged(Conflict):
    code = "template_changed"
    detail = sentence(
        "This template was changed in another window meanwhile. What you wrote is still here, not saved: copy what you"
        " need, then load the page again."
    )


class TooManyTemplates(Conflict):
    code = "too_many_templates"
    detail = sentence("You have 50 templates. Throw one away first.")


@dataclass(frozen=True, slots=True)
class Filled:
    """What a template was filled into, and the tests of it that are not on the list any more."""

    encounter: Encounter
    drafted: Drafted | None
    gone: list[str]


@command
def make_template(*, actor: Actor, now: datetime, name: str, **parts: Any) -> VisitTemplate:
    """Keep a template: `note`, `diagnoses`, `items`, `tests`. Raises `TemplateNamed`, `TooManyTemplates`, `Invalid`,
    `UnknownTest`."""
    return _keep(actor, doctor_with_templates(actor), name, _content(**parts))


@command
def change_visit_template(
    *, actor: Actor, now: datetime, template_id: UUID, version: int, name: str, **parts: Any
) -> VisitTemplate:
    """Write a template anew, over the version that was seen. Raises `TemplateChanged`, `TemplateNamed`, `Invalid`,
    `UnknownTest`, `NotFound`."""
    kept = template_of(doctor_with_templates(actor), template_id, lock=True)
    if kept.version != version:
        raise TemplateChanged(extra={"version": kept.version})
    kept.name, kept.content, kept.version = title(name), _content(**parts), kept.version + 1
    return _save(kept, "template.changed")


@command
def drop_template(*, actor: Actor, now: datetime, template_id: UUID) -> None:
    """Throw a template away. Raises `NotFound`."""
    template_of(doctor_with_templates(actor), template_id, lock=True).delete()
    record(action="template.dropped", entity_type="visittemplate", entity_id=template_id)


@command
def keep_as_template(
    *, actor: Actor, now: datetime, visit_id: UUID, name: str, version: int = 0, note: Mapping[str, str] | None = None
) -> VisitTemplate:
    """Keep what is written about the person in the room as a template: note, diagnoses, medicines, tests that are to be
    done. `note` is what was typed and not saved yet, over the note's version. Raises what `make_template` raises."""
    encounter = in_the_room(actor, visit_id)
    write_draft(encounter, note or {}, version)
    draft = drafted_by(encounter.visit)
    tests = [order.investigation.code for order in still_to_be_done(visit_id).select_related("investigation")]
    diagnoses = encounter.outcome.get("diagnoses", [])
    content = content_of(draft_of(encounter), diagnoses, items_of(draft), tests)
    return _keep(actor, doctor_with_templates(actor), name, content)


@command
def fill_in_template(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    template_id: UUID,
    version: int = 0,
    note: Mapping[str, str] | None = None,
    override_reason: str = "",
) -> Filled:
    """Fill a template into what is written about the person in the room. Nothing is overwritten: words go into empty
    parts or below what stands there, lines are added. Medicines are warned of like any others.

    `note` is what was typed and not saved yet, over the note's version. Raises `NotConsulting`, `NoteSigned`,
    `NoteChanged`, `NeedsReason`, `Invalid`, `NotFound`.
    """
    template = template_of(doctor_with_templates(actor), template_id)
    encounter = in_the_room(actor, visit_id)
    visit = encounter.visit
    write_draft(encounter, note or {}, version)
    write_draft(encounter, filled(draft_of(encounter), template.content["note"]), encounter.version)
    _diagnose(encounter, template.content["diagnoses"])
    lines = template.content["items"]
    drafted = add_lines(visit, lines, override_reason) if lines else None
    gone = order_what_is_left(visit, template.content["tests"])
    record(
        action="template.filled_in",
        entity_type="encounter",
        entity_id=encounter.id,
        after={"visitId": str(visit_id), "templateId": str(template_id)},
    )
    return Filled(encounter, drafted, gone)


@step
def _diagnose(encounter: Encounter, diagnoses: Sequence[Mapping[str, str]]) -> None:
    outcome = encounter.outcome
    for row in diagnoses:
        outcome = with_diagnosis(outcome, row)
    if outcome != encounter.outcome:
        keep(encounter, "diagnosis.added", outcome)


def _content(
    note: Mapping[str, str],
    diagnoses: Sequence[Mapping[str, str]],
    items: Sequence[Mapping[str, Any]],
    tests: Sequence[str],
) -> Content:
    """A template's content out of what was typed. Raises `Invalid`, `UnknownTest`."""
    lines = [Item(**{name: item[name] for name in LINE if name in item}) for item in items]
    told = [coded(row.get("code", ""), row.get("text", "")) for row in diagnoses]
    return content_of(note, told, lines, [test.code for test in tests_called(tests)])


@step
def _keep(actor: Actor, doctor_id: UUID, name: str, content: Content) -> VisitTemplate:
    if len(templates_of(doctor_id)) >= MOST_TEMPLATES:
        raise TooManyTemplates
    about = {"facility_id": actor.facility_id, "doctor_id": doctor_id, "kept_at": unit().now}
    return _save(VisitTemplate(name=title(name), content=content, **about), "template.kept")


@step
def _save(template: VisitTemplate, action: str) -> VisitTemplate:
    """Save it. Audited is that it changed, not what it says. Raises `TemplateNamed`."""
    try:
        template.save()
    except IntegrityError:
        raise TemplateNamed from None
    record(action=action, entity_type="visittemplate", entity_id=template.id, after={"version": template.version})
    return template
