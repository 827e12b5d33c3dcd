"""The administrator's page of screens: which are paired and there, pairing one more, taking one off. In the admin."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.commands import TooManyWrongCodes
from apps.accounts.rules.credentials import ScreenUse
from apps.core.errors import NotFound
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said
from apps.display.commands import pair, unpair
from apps.display.models import Board
from apps.display.queries import paired_screens

LABEL_LENGTH = 60


class PairingForm(forms.Form):
    """The code on a screen, and what the screen is to show."""

    code = forms.CharField(
        label=_("Code on the screen"),
        max_length=20,
        help_text=_("Type a code only if you see it on the screen yourself."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    board: Any = forms.ModelChoiceField(label=_("Board"), queryset=Board.objects.none())
    use = forms.ChoiceField(
        label=_("What it is for"),
        choices=[
            (ScreenUse.BOARD.value, _("Shows the calls of this hall")),
            (ScreenUse.KIOSK.value, _("Kiosk: people check in by themselves")),
        ],
        initial=ScreenUse.BOARD.value,
        required=False,
        widget=forms.RadioSelect,
    )
    label = forms.CharField(
        label=_("Where it hangs"), max_length=LABEL_LENGTH, required=False, help_text=_("Such as: beside the lift.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["board"].queryset = Board.objects.all()  # type: ignore[attr-defined]


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def screens(request: HttpRequest) -> HttpResponse:
    """All paired screens, and the form that pairs another one."""
    if request.method != "POST":
        return _page(request, PairingForm())
    form = PairingForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 400)
    try:
        paired = _pair(request, form)
    except TooManyWrongCodes as refusal:
        form.add_error(None, said(refusal))
        return _page(request, form, refusal.status)
    if not paired:
        form.add_error("code", gettext("No screen shows this code now. Look again: it changes every ten minutes."))
        return _page(request, form, 400)
    messages.success(
        request, gettext("The screen shows %(board)s in a moment.") % {"board": form.cleaned_data["board"].name}
    )
    return redirect("admin:screens")


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def take_off(request: HttpRequest, screen_id: UUID) -> HttpResponse:
    """Ask whether to take a screen off its board, and do it."""
    screen = next((row for row in _rows(request) if row["id"] == screen_id), None)
    if request.method == "POST":
        run_form(request, unpair, lambda _none: {}, screen_id=screen_id)
        messages.success(request, gettext("The screen was taken off its board."))
        return redirect("admin:screens")
    if screen is None:
        raise NotFound
    question = gettext("Take the screen “%(label)s” off the board %(board)s? It shows nothing until it is paired anew.")
    context = admin.site.each_context(request) | {
        "title": gettext("Take a screen off"),
        "question": question % {"label": screen["label"] or "-", "board": screen["board"]},
        "button": gettext("Take off"),
        "form": forms.Form(),
        "back_url": reverse("admin:screens"),
    }
    return render(request, "desk/confirm.html", context)


def _pair(request: HttpRequest, form: PairingForm) -> str:
    """The id of the screen that was paired; "" when no screen shows the code."""
    given = form.cleaned_data
    answer = run_form(
        request,
        pair,
        lambda screen_id: {"screen": str(screen_id or "")},
        code=given["code"],
        board_id=given["board"].id,
        label=given["label"],
        use=given["use"] or ScreenUse.BOARD,
    )
    return str(answer["screen"])


def _page(request: HttpRequest, form: PairingForm, status: int = 200) -> HttpResponse:
    context = {"title": gettext("Screens"), "form": form, "screens": _rows(request)}
    return render(request, "display/screens.html", admin.site.each_context(request) | context, status=status)


def _rows(request: HttpRequest) -> list[dict[str, Any]]:
    facility_id = actor_of(request).facility_id
    return paired_screens(facility_id, timezone.now()) if facility_id else []
