"""What messages say: the usual words and the hospital's own, by language (requirements NTF-3). Mounted in the admin."""

from dataclasses import fields
from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, DomainError, NotFound, sentence
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said
from apps.notifications import commands
from apps.notifications.commands.wording import LONGEST_TEMPLATE
from apps.notifications.models import OwnWording
from apps.notifications.queries import left_out, own_wording, own_wordings
from apps.notifications.rules import Kind
from apps.notifications.rules.subjects import LONGEST as LONGEST_SUBJECT
from apps.notifications.rules.subjects import SUBJECTS, subject_of
from apps.notifications.rules.wordings import LONGEST, WORDINGS, OwnWords, Wording, parts_of, require_fit

KINDS: dict[Kind, str] = {
    Kind.BOOKING: sentence("Bookings"),
    Kind.REMINDER: sentence("Reminders"),
    Kind.DOCTOR_AWAY: sentence("A doctor is away"),
    Kind.DELAY: sentence("Late"),
    Kind.CHECKED_IN: sentence("Checked in"),
    Kind.AHEAD: sentence("Soon their turn"),
    Kind.CALLED: sentence("Called"),
    Kind.MISSED: sentence("Did not come"),
    Kind.PAYMENT: sentence("Bills"),
    Kind.ABNORMAL: sentence("Something is dangerous: to doctors"),
}
"""What messages are about, in the order of the page."""

EXAMPLES: dict[str, str] = {
    "hospital": "District Hospital",
    "token": "G17",
    "doctor": "Dr Rao",
    "away": "Dr Rao",
    "when": "24 November, 10:40",
    "day": "24 November",
    "until": "24 November, 09:00",
    "minutes": "30",
    "ahead": "3",
    "time": "10:40 to 11:00",
    "room": "room 4",
    "number": "H1/2026-27/00042",
    "amount": "₹ 500.00",
    "link": "https://hospital.example/t/k3x9m2p7aq",
}
"""What fills the places in a preview."""


OWN_WORDS = tuple(one.name for one in fields(OwnWords))
"""What the form has of a hospital's own words."""


class WordsForm(forms.Form):
    """A hospital's own words for one message in one language."""

    text = forms.CharField(
        label=_("Own words"),
        help_text=_("Leave the words empty for the usual ones."),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea({"rows": 5, "dir": "auto"}),
    )
    sms_template = forms.CharField(
        label=_("Number of this text in the operators' register (DLT)"),
        help_text=_("In India operators pass on only texts that are registered with them, word for word."),
        max_length=LONGEST_TEMPLATE,
        required=False,
    )
    whatsapp_template = forms.CharField(
        label=_("Name of the WhatsApp template"),
        help_text=_("As it is approved there. Without one, this message does not go by WhatsApp."),
        max_length=LONGEST_TEMPLATE,
        required=False,
    )
    email_subject = forms.CharField(label=_("Subject of the e-mail"), max_length=LONGEST_SUBJECT, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, usual: Wording, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.usual = usual

    def clean_text(self) -> str:
        """The words, if they can be filled in."""
        text = str(self.cleaned_data["text"])
        try:
            require_fit(self.usual, text)
        except DomainError as refusal:
            raise forms.ValidationError(said(refusal)) from refusal
        return text


@page(policy=Permission.MASTERS_CHANGE)
def wordings(request: HttpRequest) -> HttpResponse:
    """Every message that people get, in the reader's language, and whether it is the hospital's own or left out."""
    facility_id = _facility(request)
    own = {(row.name, row.language) for row in own_wordings(facility_id) if row.text}
    silent = left_out(facility_id)
    known = sorted(WORDINGS.values(), key=lambda one: (list(KINDS).index(one.kind), one.name))
    context = admin.site.each_context(request) | {
        "title": gettext("What messages say"),
        "groups": [
            (gettext(KINDS[kind]), [_listed(one, own, silent) for one in group])
            for kind, group in groupby(known, key=lambda one: one.kind)
        ],
    }
    return render(request, "notifications/wordings.html", context)


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def wording(request: HttpRequest, wording_id: str, language: str) -> HttpResponse:
    """One message in one language: its words, a preview, and how many text messages it takes."""
    if wording_id not in WORDINGS or language not in dict(settings.LANGUAGES):
        raise NotFound
    row = own_wording(_facility(request), wording_id, language)
    form = WordsForm(WORDINGS[wording_id], request.POST if request.method == "POST" else None, initial=_initial(row))
    if request.method == "POST" and form.is_valid() and "try" not in request.POST:
        try:
            return _save(request, form, wording_id, language)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
    return _page(request, WORDINGS[wording_id], language, form)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def leave_out(request: HttpRequest, wording_id: str, action: str) -> HttpResponse:
    """Send a message no more, or again."""
    if action not in ("stop", "send"):
        raise NotFound
    run_form(request, commands.leave_out, lambda _none: {}, name=wording_id, silent=action == "stop")
    done = gettext("This message is not sent any more.") if action == "stop" else gettext("This message is sent again.")
    messages.success(request, done)
    return redirect("admin:wordings")


def _facility(request: HttpRequest) -> UUID:
    facility_id = actor_of(request).facility_id
    assert facility_id is not None, "staff have one"
    return facility_id


def _listed(one: Wording, own: set[tuple[str, str]], silent: frozenset[str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "text": gettext(one.text),
        "silent": one.name in silent,
        "languages": [
            {"code": code, "name": name, "own": (one.name, code) in own, "url": _address(one.name, code)}
            for code, name in settings.LANGUAGES
        ],
    }


def _address(name: str, language: str) -> str:
    return reverse("admin:wording", args=[name, language])


def _initial(row: OwnWording | None) -> dict[str, Any]:
    if row is None:
        return {"version": 0}
    return {name: getattr(row, name) for name in (*OWN_WORDS, "version")}


def _save(request: HttpRequest, form: WordsForm, name: str, language: str) -> HttpResponse:
    filled = form.cleaned_data
    own = OwnWords(**{name: filled[name] for name in OWN_WORDS})
    about = {"name": name, "language": language, "own": own, "expected_version": filled["version"]}
    run_form(request, commands.reword, lambda _none: {}, **about)
    messages.success(request, gettext("Saved. Within a minute messages say it like this."))
    return redirect("admin:wordings")


def _page(request: HttpRequest, one: Wording, language: str, form: WordsForm) -> HttpResponse:
    with translation.override(language):
        usual, usual_subject = gettext(one.text), gettext(SUBJECTS[one.kind])
    text = form.cleaned_data.get("text", "") if form.is_bound else form.initial.get("text", "")
    subject = form.cleaned_data.get("email_subject", "") if form.is_bound else form.initial.get("email_subject", "")
    shown = (text or usual).format(**{place: EXAMPLES[place] for place in one.places})
    context = admin.site.each_context(request) | {
        "title": gettext("%(subject)s: %(language)s")
        % {"subject": gettext(KINDS[one.kind]), "language": dict(settings.LANGUAGES)[language]},
        "usual": usual,
        "language": language,
        "places": [(f"{{{place}}}", EXAMPLES[place]) for place in one.places],
        "form": form,
        "preview": shown,
        "subject": subject_of(shown, subject or usual_subject, own=bool(subject), words=text or usual),
        "parts": parts_of(shown),
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "notifications/wording.html", context, status=status)
