"""Boards and their screens, kept by the administrator."""

from typing import Any

from django.contrib import admin
from django.forms import CheckboxSelectMultiple, MultipleChoiceField
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from apps.accounts.commands import revoke_links_to
from apps.core.admin import AuditedModelAdmin
from apps.display.models import Board
from apps.display.queries import address
from apps.display.rules.voice import SPOKEN
from apps.display.views import screens, voice
from apps.scheduling.queries import departments

desk_urls = [
    path("screens/", screens.screens, name="screens"),
    path("screens/voice/", voice.voice, name="voice"),
    path("screens/voice/<uuid:recording_id>/drop/", voice.drop, name="voice_drop"),
    path("screens/<uuid:screen_id>/off/", screens.take_off, name="screen_off"),
]
"""Mounted by the admin's site before Django's own addresses."""


@admin.register(Board)
class BoardAdmin(AuditedModelAdmin):
    """Which hall shows which departments, and where."""

    list_display = ("name", "opens", "calls_for", "open_to_all")
    search_fields = ("name", "names", "slug")
    fields = ("name", "names", "slug", "departments", "chime", "spoken_in", "open_to_all")
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("departments")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Departments of the own facility and languages, as boxes to tick; departments are opened elsewhere."""
        if db_field.name == "spoken_in":
            return MultipleChoiceField(
                label=db_field.verbose_name,
                help_text=db_field.help_text,
                choices=[(language, get_language_info(language)["name_local"]) for language in SPOKEN],
                initial=db_field.get_default(),
                required=False,
                widget=CheckboxSelectMultiple,
            )
        if db_field.name != "departments":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return db_field.formfield(queryset=departments(), widget=CheckboxSelectMultiple)

    @admin.display(description=_("opens at"))
    def opens(self, board: Board) -> SafeString:
        """The board's address, to be opened."""
        return format_html('<a href="{0}">{0}</a>', address(board))

    @admin.display(description=_("departments"))
    def calls_for(self, board: Board) -> str:
        """The departments' codes."""
        return ", ".join(sorted(place.code for place in board.departments.all()))

    def delete_model(self, request: HttpRequest, obj: Board) -> None:
        """Delete a board; the screens that were paired with it end with it."""
        revoke_links_to(obj.id, timezone.now())
        super().delete_model(request, obj)
