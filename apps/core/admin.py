"""Plain master data in Django's admin: who may see and change it, and that every change is audited.

Only for rows that nothing follows from. What moves a queue, a patient's record or money is changed by
commands, through pages of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import IntegrityError, models
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.commands import command
from apps.core.crypto import EncryptedTextField
from apps.core.errors import Conflict, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of

Values = dict[str, Any]

OVERTAKEN = frozenset({"23503", "23505"})
"""What PostgreSQL says of a row that is there twice, or points at one that is gone. The form has asked for both; so
somebody did it in the moment between."""


class Overtaken(Conflict):
    code = "overtaken"
    detail = sentence("Somebody else saved the same, or deleted what it needs, just now. Go back and look again.")


@dataclass(frozen=True, slots=True)
class MasterChange:
    """A row of master data that was added, changed or deleted, with the values that differ."""

    action: str
    entity_type: str
    entity_id: UUID
    before: Values | None
    after: Values | None


change_listeners: list[Callable[[MasterChange], None]] = []
"""Told of every change inside its transaction. The audit app adds itself here; without it nothing is changed."""


@command
def change_masters(*, actor: Actor, now: Any, form: Callable[[], HttpResponse]) -> HttpResponse:
    """Let Django's own form do its work as one command: one transaction with its audit rows."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    return form()


def tell(action: str, row: models.Model, before: Values | None, after: Values | None) -> None:
    """Tell the listeners of a change. Raises when nobody listens: no change without a trace."""
    if not change_listeners:
        raise RuntimeError("Nobody records changes of master data.")
    entity = row._meta.model_name or ""
    for listener in change_listeners:
        listener(MasterChange(f"{entity}.{action}", entity, row.pk, before, after))


def values_of(row: models.Model) -> Values:
    """A row's own values, without what is kept sealed."""
    return {
        field.attname: field.value_from_object(row)
        for field in row._meta.concrete_fields
        if field.name != "password" and not isinstance(field, EncryptedTextField)
    }


def _links_of(form: forms.ModelForm) -> Values:
    """The keys of the rows that a form's row is linked to, by the form's fields of many."""
    names = [field.name for field in form.instance._meta.many_to_many if field.name in form.cleaned_data]
    return {name: sorted(map(str, getattr(form.instance, name).values_list("pk", flat=True))) for name in names}


def is_referenced(row: models.Model) -> bool:
    """Whether other rows point at this one, so that it cannot be deleted."""
    try:
        Collector(using=row._state.db or "default").collect([row])
    except (ProtectedError, RestrictedError):
        return True
    return False


class MasterForm(forms.ModelForm):
    """A form that knows its row's facility from the start, so that "once in a facility" is checked by it."""

    facility_id: ClassVar[UUID | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if hasattr(self.instance, "facility_id") and self.instance.facility_id is None:
            self.instance.facility_id = self.facility_id

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"facility"}  # type: ignore[misc]


class AuditedModelAdmin(admin.ModelAdmin):
    """Base of every plain ModelAdmin: of the actor's facility, for who may change masters, each change audited."""

    form = MasterForm
    exclude = ("facility",)
    actions = None
    save_on_top = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).may(Permission.MASTERS_READ)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).may(Permission.MASTERS_CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request) and not (obj and is_referenced(obj))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.facility_id = actor_of(request).facility_id
        return made

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form, or take it in as one command."""
        view = super().changeform_view
        if request.method != "POST":
            return view(request, object_id, form_url, extra_context)
        return self._as_command(request, lambda: view(request, object_id, form_url, extra_context))

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form's page. Shown again with what is wrong it is a refusal: 400, as of the desk's own pages."""
        response = super().render_change_form(request, *args, **kwargs)
        if request.method == "POST":
            response.status_code = 400
        return response

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask whether to delete, or do it as one command."""
        view = super().delete_view
        if request.method != "POST":
            return view(request, object_id, extra_context)
        return self._as_command(request, lambda: view(request, object_id, extra_context))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row and tell what became different."""
        before = values_of(type(obj)._base_manager.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        after = values_of(obj)
        differing = {name for name in after if before.get(name) != after[name]}
        if not change:
            tell("created", obj, None, after)
        elif differing:
            tell("changed", obj, {n: before[n] for n in differing}, {n: after[n] for n in differing})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; one that a form is about to change is read again under its lock, so that nothing is undone
        that somebody did meanwhile."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST":
            found.refresh_from_db(from_queryset=self.model._base_manager.select_for_update())
        return found

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save what stands beneath the row and what it is linked to, and tell what became different."""
        before = _links_of(form) if change else {}
        super().save_related(request, form, formsets, change)
        after = _links_of(form)
        differing = [name for name in after if before.get(name, []) != after[name]]
        if differing:
            tell("linked", form.instance, {n: before.get(n, []) for n in differing}, {n: after[n] for n in differing})

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows beneath, and tell of each."""
        for gone in formset.deleted_forms:
            if gone.instance.pk:
                tell("deleted", gone.instance, values_of(gone.instance), None)
        super().save_formset(request, form, formset, change)
        initial = {row.instance.pk: row.initial for row in formset.initial_forms}
        for row in formset.new_objects:
            tell("created", row, None, values_of(row))
        for row, names in formset.changed_objects:
            before = {name: initial[row.pk].get(name) for name in names}
            tell("changed", row, before, {name: row.serializable_value(name) for name in names})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the row and tell what it was."""
        tell("deleted", obj, values_of(obj), None)
        super().delete_model(request, obj)

    def _as_command(self, request: HttpRequest, form: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            return change_masters(actor=actor_of(request), now=timezone.now(), form=form)
        except IntegrityError as error:
            if getattr(error.__cause__, "sqlstate", "") in OVERTAKEN:
                raise Overtaken from error
            raise
