"""Facilities and staff as master data. Nobody changes their own rights."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _

from apps.accounts.commands import revoke
from apps.accounts.models import Facility, Staff
from apps.accounts.queries import department_choices, others_administer, stand_behind
from apps.accounts.rules.rights import Rights, gives_more
from apps.accounts.views import desk
from apps.core.admin import AuditedModelAdmin, MasterForm, tell
from apps.core.commands import unit
from apps.core.policy import Role
from apps.core.views import actor_of

RIGHTS = frozenset({"role", "all_departments", "department_ids", "is_active"})
"""What says what somebody may do; changed by somebody else, or not at all."""


def _rights(columns: dict[str, Any]) -> Rights:
    places = frozenset(UUID(str(place)) for place in columns["department_ids"])
    return Rights(Role(columns["role"]), columns["all_departments"], places, columns["is_active"])


def departments() -> list[tuple[str, str]]:
    """Choices of departments."""
    return [(str(department_id), name) for department_id, name in department_choices()]


class StaffForm(MasterForm):
    """A member of staff, with departments by name and, where wanted, a new password."""

    actor_id: ClassVar[UUID | None] = None

    department_ids = forms.TypedMultipleChoiceField(
        label=_("Departments"),
        choices=departments,
        coerce=UUID,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where this person works, unless in all departments."),
    )
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        max_length=256,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Ends all of this person's sessions."),
    )

    class Meta:
        model = Staff
        fields = ("name", "email", "role", "all_departments", "department_ids", "is_active")

    def clean(self) -> dict[str, Any]:
        """Check the password, that nobody changes their own rights, and that somebody is left who administers."""
        cleaned = super().clean() or self.cleaned_data
        if not self.instance._state.adding and RIGHTS & set(self.changed_data):
            self._check_rights(cleaned)
        password = cleaned.get("new_password")
        if password:
            about = Staff(name=cleaned.get("name", ""), email=cleaned.get("email", ""))
            try:
                validate_password(password, user=about)
            except forms.ValidationError as weak:
                self.add_error("new_password", weak)
        elif self.instance._state.adding:
            self.add_error("new_password", _("A new account needs a password."))
        return cleaned

    def _check_rights(self, cleaned: dict[str, Any]) -> None:
        person = self.instance
        if person.pk == self.actor_id:
            raise forms.ValidationError(_("Nobody changes their own rights. Ask another administrator."))
        if not set(cleaned) >= RIGHTS:
            return  # something in them cannot be read, which is a mistake of its own
        before, after = _rights({name: getattr(person, name) for name in RIGHTS}), _rights(cleaned)
        if gives_more(before, after) and person.pk in stand_behind(self.actor_id):
            raise forms.ValidationError(
                _("This person made your account or set its password. Ask an administrator whom they did not make.")
            )
        if before.administers and not after.administers and not others_administer(person):
            raise forms.ValidationError(
                _("This is the last administrator who works here. Make somebody else an administrator first.")
            )


@admin.register(Staff)
class StaffAdmin(AuditedModelAdmin):
    """Who works here, and as what."""

    form = StaffForm
    fields = ("name", "email", "role", "all_departments", "department_ids", "is_active", "new_password")
    list_display = ("name", "email", "role", "all_departments", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        return super().get_queryset(request).filter(facility_id=actor_of(request).facility_id)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change, **kwargs)
        made.actor_id = actor_of(request).id
        return made

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: bool) -> None:
        """Save; a new password, or leaving, ends whatever was open."""
        password = form.cleaned_data["new_password"]
        if password:
            obj.set_password(password)
        super().save_model(request, obj, form, change)
        if change and password:
            tell("password_set", obj, None, None)
        if change and (password or not obj.is_active):
            revoke(Q(staff_id=obj.id), unit().now)


@admin.register(Facility)
class FacilityAdmin(AuditedModelAdmin):
    """The hospital's own name, letterhead and clock."""

    exclude = ()  # type: ignore[assignment]
    fields = ("name", "names", "code", "time_zone", "region", "currency", "address", "phone", "latitude", "longitude")
    readonly_fields = ("code", "currency")
    list_display = ("name", "code", "time_zone")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Facility]:
        return super().get_queryset(request).filter(id=actor_of(request).facility_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


desk_urls = [
    path("devices/", desk.devices, name="staff_devices"),
    path("devices/<uuid:device_id>/<slug:action>/", desk.decide_device, name="staff_device"),
    path("access/<uuid:staff_id>/", desk.access, name="staff_access"),
    path("access/<uuid:staff_id>/sessions/end/", desk.end_sessions, name="staff_end_sessions"),
    path("access/<uuid:staff_id>/sessions/<uuid:session_id>/end/", desk.end_session, name="staff_end_session"),
    path("access/<uuid:staff_id>/second-factor/reset/", desk.reset_factor, name="staff_reset_factor"),
]
"""Mounted by the admin's site before Django's own addresses."""
