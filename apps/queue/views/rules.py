"""A department's rules of calling: tried on a past day, changed for a reason, with every version there was."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.forms import ModelForm, modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.queries import facility_facts, staff_names
from apps.core.errors import Conflict, Invalid
from apps.core.languages import named
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.patient_forms import LONGEST_REASON
from apps.queue.queries.desk import served_departments
from apps.queue.queries.replay import compare
from apps.scheduling.queries import RULES, department_of, policy_versions

CLASS_NAMES = {
    "emergency": _("Emergencies"),
    "urgent": _("Urgent"),
    "priority": _("With a head start"),
    "booked": _("With a booking"),
    "walk_in": _("Without a booking"),
    "all": _("Everybody"),
}


class RulesForm(ModelForm):
    """The rules, why they change, and the past day they are tried on."""

    reason = forms.CharField(label=_("Why do they change?"), max_length=LONGEST_REASON, required=False)
    day = forms.DateField(
        label=_("Try them on this day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def rules(request: HttpRequest, department_id: UUID) -> HttpResponse:
    """Show the rules and their history; try others on a past day, or make them those of today."""
    actor = actor_of(request)
    department = department_of(department_id)
    facility = facility_facts(department.facility_id)
    yesterday = facility.day_of(timezone.now()) - timedelta(days=1)
    policy = department.policy
    form = modelform_factory(type(policy), form=RulesForm, fields=list(RULES))(
        request.POST if request.method == "POST" else None, instance=policy, initial={"day": yesterday}
    )
    tried: list[Any] = []
    if request.method == "POST" and form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in RULES}
        if "try" in request.POST:
            tried = compare(department_id, form.cleaned_data["day"] or yesterday, wanted)
        elif _change(request, department_id, form, wanted):
            return redirect("admin:desk_rules", department_id=department_id)
    context = admin.site.each_context(request) | {
        "title": gettext("Rules of calling: %(name)s") % {"name": named(department)},
        "department": department,
        "may_see_queue": any(place.id == department_id for place in served_departments(actor)),
        "form": form,
        "version": department_of(department_id).policy.version,
        "asked": "try" in request.POST,
        "tried": [{"name": CLASS_NAMES[name], "now": now, "then": then} for name, now, then in tried],
        "history": _history(policy, facility),
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/rules.html", context, status=status)


def _change(request: HttpRequest, department_id: UUID, form: Any, wanted: dict[str, Any]) -> bool:
    try:
        run_form(
            request,
            commands.change_rules,
            lambda _department: {},
            department_id=department_id,
            expected_version=version_of(request),
            reason=form.cleaned_data["reason"],
            **wanted,
        )
    except (Conflict, Invalid) as refusal:
        form.add_error(None, said(refusal))
        return False
    messages.success(request, gettext("These rules hold for whoever comes from now on."))
    return True


def _history(policy: Any, facility: Any) -> list[dict[str, Any]]:
    """Every version that is kept, the latest first, with what it changed against the one before."""
    versions = list(policy_versions(policy.department_id))
    names = staff_names({row.made_by for row in versions if row.made_by})
    labels = {name: policy._meta.get_field(name).verbose_name for name in RULES}
    earlier = [*(row.rules for row in versions[1:]), {}][: len(versions)]
    return [
        {
            "version": row.version,
            "day": facility.day_of(row.made_at),
            "clock": facility.clock(row.made_at),
            "who": names.get(row.made_by, "") if row.made_by else "",
            "reason": row.reason,
            "changes": [
                f"{labels[name]}: {was[name]} → {row.rules[name]}"
                for name in RULES
                if name in was and name in row.rules and was[name] != row.rules[name]
            ],
        }
        for row, was in zip(versions, earlier, strict=True)
    ]
