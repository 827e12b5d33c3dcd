"""Departments, rooms and doctors, kept by the administrator."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.commands import serve_departments
from apps.core.admin import AuditedModelAdmin, MasterForm
from apps.core.events import Event, department_stream, facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.views import actor_of
from apps.scheduling import events
from apps.scheduling.commands import require_free_to_reletter
from apps.scheduling.models import (
    AllocationPolicy,
    ClosedDay,
    Counter,
    Department,
    Doctor,
    DoctorDepartment,
    OwnLength,
    QueuePolicy,
    Room,
    SlotTemplate,
    TemplateBreak,
    VisitType,
)
from apps.scheduling.models.bookings import all_but_emergencies, all_but_walk_ins
from apps.scheduling.queries import department_names, departments_of_doctor
from apps.scheduling.rules import DepartmentStatus
from apps.scheduling.rules.allocation import SOURCE_NAMES


class _Shown(AuditedModelAdmin):
    """Masters whose names hang in the halls: a change is told to every queue, so that boards are drawn anew. It
    happens seldom enough for that."""

    def _as_command(self, request: HttpRequest, form: Callable[[], HttpResponse]) -> HttpResponse:
        def locked() -> HttpResponse:
            queues = [department_stream(id_) for id_, _ in department_names()]
            lock_streams(*queues, facility_stream(actor_of(request).facility_id))  # type: ignore[arg-type]  # staff have one
            return form()

        return super()._as_command(request, locked)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and (form.has_changed() or any(formset.has_changed() for formset in formsets)):
            for department_id, _name in department_names():
                emit(events.queue_updated(department_id, "masters"))


class _Versioned(_Shown):
    """Masters that commands change too: under the same lock, with the same count of versions and the same event."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.version += 1
        super().save_model(request, obj, form, change)
        emit(self.event_of(obj))

    def event_of(self, row: Any) -> Event:
        """What others are told of the row as it is now."""
        raise NotImplementedError


def _sources() -> list[tuple[str, str]]:
    return [(str(source), gettext(name)) for source, name in SOURCE_NAMES.items()]


class _PolicyForm(MasterForm):
    """A new department gets its policy also when nobody touched the defaults."""

    def has_changed(self) -> bool:
        return self.instance._state.adding or super().has_changed()


class PolicyInline(admin.StackedInline):
    """How the department orders its queue."""

    model: type[models.Model] = QueuePolicy
    exclude = ("facility",)
    can_delete = False
    min_num = 1
    own_form: type[_PolicyForm] = _PolicyForm

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A policy belongs to the facility of whoever sets it."""
        own = {"facility_id": actor_of(request).facility_id}
        return super().get_formset(request, obj, form=type("PolicyForm", (self.own_form,), own), **kwargs)


class _AllocationForm(_PolicyForm):
    """Sources as boxes to tick."""

    may_displace = forms.MultipleChoiceField(
        label=_("May take somebody's place"),
        choices=_sources,
        initial=all_but_walk_ins,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Of somebody lower only; an equal never displaces an equal."),
    )
    may_be_displaced = forms.MultipleChoiceField(
        label=_("May be moved to a later time"),
        choices=_sources,
        initial=all_but_emergencies,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class AllocationInline(PolicyInline):
    """Who may take whose place when a slot is full."""

    model = AllocationPolicy
    own_form = _AllocationForm


class VisitTypeInline(admin.StackedInline):
    """What people come for, and how long it takes."""

    model = VisitType
    exclude = ("facility",)
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A type of visit belongs to the facility of whoever adds it."""
        own = {"facility_id": actor_of(request).facility_id}
        return super().get_formset(request, obj, form=type("VisitTypeForm", (MasterForm,), own), **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A type is taken out of use, not deleted: bookings point at it."""
        return False


@admin.register(Department)
class DepartmentAdmin(_Versioned):
    """Departments. Opening and closing one concerns the people who wait, and has a page of its own."""

    list_display = ("code", "letter", "name", "kind", "status")
    list_filter = ("kind", "status")
    search_fields = ("code", "name")
    readonly_fields = ("status",)
    inlines = (PolicyInline, AllocationInline, VisitTypeInline)
    change_form_template = "admin/department_form.html"

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """The rules of calling of a department that is there already have a page of their own, with their history."""
        return self.inlines if obj is None else (AllocationInline,)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        department = kwargs.get("obj")
        is_open = department is not None and department.status == DepartmentStatus.ACTIVE
        context |= {
            "opening": "close" if is_open else "open",
            "opening_label": gettext("Close this department") if is_open else gettext("Open this department"),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A department is closed, not deleted: numbers and visits point at it."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change and "letter" in form.changed_data:
            require_free_to_reletter(obj)
        super().save_model(request, obj, form, change)

    def event_of(self, row: Department) -> Event:
        return events.department_changed(row.facility_id, row.id, row.version, row.status)


@admin.register(Room)
class RoomAdmin(_Shown):
    """Rooms with their pictures."""

    list_display = ("number", "symbol", "hall")
    search_fields = ("number", "hall")


@admin.register(Counter)
class CounterAdmin(_Shown):
    """Counters of the pharmacy, the cashier, the laboratory and so on."""

    list_display = ("name", "department", "room", "availability")
    list_filter = ("availability",)
    search_fields = ("name",)
    list_select_related = ("department", "room")


class ServedInline(admin.StackedInline):
    """Where the doctor sees people."""

    model = DoctorDepartment
    min_num = 1
    extra = 0
    verbose_name = _("department")
    verbose_name_plural = _("departments")


class OwnLengthInline(admin.StackedInline):
    """How long types of visit take with this doctor, where that is not the department's length."""

    model = OwnLength
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Types of visit with their department: two of them may have one of the same name."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "visit_type":
            field.queryset = field.queryset.select_related("department")
            field.label_from_instance = lambda kind: f"{kind.department}: {kind}"
        return field


@admin.register(Doctor)
class DoctorAdmin(_Versioned):
    """Doctors. Whether one sees people now is said at the console."""

    list_display = ("name", "room", "availability", "specialization", "license_number")
    list_filter = ("availability",)
    search_fields = ("name", "license_number")
    readonly_fields = ("availability",)
    inlines = (ServedInline, OwnLengthInline)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("room")

    def event_of(self, row: Doctor) -> Event:
        return events.doctor_changed(row.facility_id, row.id, row.version, row.availability)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The doctor's account may act where the doctor sees people."""
        super().save_related(request, form, formsets, change)
        doctor = form.instance
        if doctor.staff_id:
            serve_departments(doctor.staff_id, departments_of_doctor(doctor.id))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Accounts of the own facility that no other doctor has."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "staff":
            match = request.resolver_match
            own = match.kwargs.get("object_id") if match else None
            free = Q(doctor__isnull=True) | Q(doctor__id=own) if own else Q(doctor__isnull=True)
            field.queryset = field.queryset.filter(free, facility_id=actor_of(request).facility_id, is_active=True)
        return field


class BreakInline(admin.StackedInline):
    """Pauses within the hours."""

    model = TemplateBreak
    extra = 1


@admin.register(SlotTemplate)
class SlotTemplateAdmin(AuditedModelAdmin):
    """The hours doctors keep, week by week. Slots follow within the hour."""

    list_display = ("doctor", "department", "weekday", "starts", "ends", "slot_minutes", "capacity")
    list_filter = ("weekday", "department")
    list_select_related = ("doctor", "department")
    inlines = (BreakInline,)


@admin.register(ClosedDay)
class ClosedDayAdmin(AuditedModelAdmin):
    """Holidays and other days without slots. Whoever is booked already stays booked until somebody decides."""

    list_display = ("day", "doctor", "starts", "ends", "works", "reason")
    list_select_related = ("doctor",)
    date_hierarchy = "day"
