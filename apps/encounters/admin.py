"""The desk's page that takes a move back, here because what was signed is known here; who opened a record; and the
list of tests."""

from django.contrib import admin
from django.urls import path

from apps.core.admin import AuditedModelAdmin
from apps.encounters.models import DietPlan, Investigation, ReferenceRange
from apps.encounters.views import openings, undoing

desk_urls = [
    path("desk/undo/<uuid:visit_id>/", undoing.undo_at_desk, name="desk_undo"),
    path("desk/opened/<uuid:patient_id>/", openings.at_desk, name="desk_openings"),
]
"""Mounted by the admin's site before Django's own addresses."""


class _Ranges(admin.StackedInline):
    model = ReferenceRange
    extra = 0


@admin.register(Investigation)
class InvestigationAdmin(AuditedModelAdmin):
    """Laboratory and imaging tests with what is usual of what they measure."""

    inlines = [_Ranges]
    list_display = ("name", "code", "department", "service", "active")
    list_filter = ("department", "active")
    search_fields = ("name", "code")
    list_select_related = ("department",)


@admin.register(DietPlan)
class DietPlanAdmin(AuditedModelAdmin):
    """Diet plans, a row for each language. What was handed out stays as it was signed."""

    list_display = ("name", "code", "language")
    list_filter = ("language",)
    search_fields = ("name", "code")
