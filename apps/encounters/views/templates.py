"""A doctor's own templates: filled in on the console, and written on pages of their own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.encounters.commands import templating
from apps.encounters.queries.templates import doctor_with_templates, template_named, template_of, templates_of
from apps.encounters.rules.notes import LONGEST_PART, PARTS
from apps.encounters.rules.templates import LINE, LONGEST_TITLE
from apps.encounters.views.prescribing import FIELDS
from apps.encounters.views.typing import note_typed, typed, visit_of

SPARE = 3
"""Empty lines for medicines below those that a template has."""


class NoSuchTemplate(Conflict):
    code = "no_such_template"
    detail = sentence("You have no template of this name, or several that begin so.")


def fill_in(request: HttpRequest, doctor: Any) -> str:
    """A template by its button, or by the beginning of its name."""
    filled = run_form(
        request,
        templating.fill_in_template,
        lambda done: {"gone": done.gone},
        visit_id=visit_of(request),
        template_id=_chosen(request, doctor),
        note=note_typed(request),
        version=version_of(request, "note_version") if "note_version" in request.POST else 0,
        override_reason=typed(request, "override_reason")[: FIELDS["override_reason"]],
    )
    if filled["gone"]:
        left_out = {"tests": ", ".join(filled["gone"])}
        return (
            gettext("The template is filled in, without tests that are not on the list any more: %(tests)s.") % left_out
        )
    return gettext("The template is filled in. Nothing that you had written was replaced.")


def keep(request: HttpRequest, doctor: Any) -> str:
    """What is written about this visit, under a name."""
    return gettext("Kept as the template %(name)s.") % run_form(
        request,
        templating.keep_as_template,
        lambda kept: {"name": kept.name},
        visit_id=visit_of(request),
        name=typed(request, "template_name"),
        note=note_typed(request),
        version=version_of(request, "note_version") if "note_version" in request.POST else 0,
    )


BUTTONS = {"template": fill_in, "template-keep": keep}
"""By the last word of their addresses on the console."""


def shown(doctor: Any, staff_id: UUID | None) -> dict[str, Any]:
    """What the console shows to the doctor themselves: `{templates, longest}`; to nobody else anything."""
    if not staff_id or doctor.staff_id != staff_id:
        return {}
    return {"templates": templates_of(doctor.id), "longest": LONGEST_TITLE}


def _chosen(request: HttpRequest, doctor: Any) -> UUID:
    begins = typed(request, "template_begins")
    if not begins:
        return visit_of(request, "template")
    found = template_named(doctor.id, begins)
    if found is None:
        raise NoSuchTemplate
    return found.id


@page(policy=Permission.VISIT_CONSULT)
def own(request: HttpRequest) -> HttpResponse:
    """All of one's own."""
    rows = templates_of(doctor_with_templates(actor_of(request)))
    return render(request, "console/templates.html", {"templates": rows})


@page(policy=Permission.VISIT_CONSULT, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """A new one, written from nothing."""
    doctor_with_templates(actor_of(request))
    if request.method != "POST":
        return _form(request, {"version": 0})
    try:
        run_form(request, templating.make_template, lambda _kept: {}, **_written(request))
    except (Conflict, Invalid, NotFound) as refusal:
        return _again(request, refusal)
    messages.success(request, gettext("The template is kept."))
    return redirect("templates")


@page(policy=Permission.VISIT_CONSULT, methods=("GET", "POST"))
def edit(request: HttpRequest, visit_template_id: UUID) -> HttpResponse:
    """One of them, to read and to write anew."""
    kept = template_of(doctor_with_templates(actor_of(request)), visit_template_id)
    if request.method != "POST":
        content = kept.content
        diagnoses = "\n".join(" ".join(filter(None, (row["code"], row["text"]))) for row in content["diagnoses"])
        told = {
            "name": kept.name,
            "version": kept.version,
            "diagnoses": diagnoses,
            "tests": ", ".join(content["tests"]),
        }
        return _form(request, told | content["note"] | {"lines": content["items"]}, kept.id)
    try:
        about = _written(request) | {"template_id": visit_template_id, "version": version_of(request)}
        run_form(request, templating.change_visit_template, lambda _kept: {}, **about)
    except (Conflict, Invalid, NotFound) as refusal:
        return _again(request, refusal, kept.id)
    messages.success(request, gettext("The template is kept."))
    return redirect("templates")


@page(policy=Permission.VISIT_CONSULT, methods=("POST",))
def drop(request: HttpRequest, visit_template_id: UUID) -> HttpResponse:
    """One less."""
    run_form(request, templating.drop_template, lambda _none: {}, template_id=visit_template_id)
    messages.success(request, gettext("The template is thrown away."))
    return redirect("templates")


def _lines(request: HttpRequest) -> list[dict[str, str]]:
    """The lines of medicine as they were typed; those with nothing in them are none."""
    columns = [[text.strip() for text in request.POST.getlist(name)] for name in LINE]
    if len({len(column) for column in columns}) > 1:
        raise Invalid
    rows = [dict(zip(LINE, row, strict=True)) for row in zip(*columns, strict=True)]
    return [row for row in rows if any(row.values())]


def _written(request: HttpRequest) -> dict[str, Any]:
    """What was typed, for the command. Raises `Invalid`."""
    items: list[dict[str, Any]] = []
    for line in _lines(request):
        days = line["days"]
        too_long = any("\0" in text or len(text) > FIELDS.get(name, 3) for name, text in line.items())
        if too_long or not days.isdecimal():
            raise Invalid({"days": [sentence("Say for how many days, from 1 to 365.")]})
        items.append(line | {"days": int(days)})
    return {
        "name": typed(request, "name"),
        "note": note_typed(request),
        "diagnoses": [{"text": text} for text in typed(request, "diagnoses").split("\n") if text.strip()],
        "items": items,
        "tests": typed(request, "tests").split(","),
    }


def _again(request: HttpRequest, refusal: Any, template_id: UUID | None = None) -> HttpResponse:
    """The form with what was typed, and why it was not kept."""
    names = ("name", "version", "diagnoses", "tests", *PARTS)
    told: dict[str, Any] = {name: request.POST.get(name, "") for name in names} | {"refusal": said(refusal)}
    lists = zip(*(request.POST.getlist(name) for name in LINE), strict=False)
    told["lines"] = [line for line in (dict(zip(LINE, row, strict=True)) for row in lists) if any(line.values())]
    return _form(request, told, template_id, refusal.status)


def _form(
    request: HttpRequest, told: dict[str, Any], template_id: UUID | None = None, status: int = 200
) -> HttpResponse:
    parts = [{"name": part, "label": gettext(label), "text": told.get(part, "")} for part, label in PARTS.items()]
    lines = [*told.get("lines", []), *({} for _spare in range(SPARE))]
    context: dict[str, Any] = {"told": told, "parts": parts, "lines": lines, "template_id": template_id}
    context |= {"longest": LONGEST_PART, "longest_title": LONGEST_TITLE, "widths": FIELDS}
    return render(request, "console/template.html", context, status=status)
