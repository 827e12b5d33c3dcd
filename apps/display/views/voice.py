"""The voice of the boards: a hospital's own recordings, put in place of the clips that come with the house."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Invalid, NotFound
from apps.core.policy import PUBLIC, Permission
from apps.core.views import page, run_form, said
from apps.display.commands import drop_recording, record_clip
from apps.display.queries import recording_of, recordings
from apps.display.rules.voice import LARGEST_RECORDING, SPOKEN, texts

KEPT = "public, max-age=31536000, immutable"
"""Another recording has another address."""


class RecordingForm(forms.Form):
    """Which clip, and its new sound."""

    language = forms.ChoiceField(label=_("Language"))
    clip = forms.ChoiceField(label=_("What is said"))
    file = forms.FileField(
        label=_("Sound file"),
        help_text=_("Ogg, MP3 or WAV, at most 200 kB: the words alone, without silence before and after."),
        widget=forms.FileInput(attrs={"accept": "audio/*"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            (language, get_language_info(language)["name_local"]) for language in SPOKEN
        ]
        self.fields["clip"].choices = _clip_choices()  # type: ignore[attr-defined]

    def clean_file(self) -> UploadedFile:
        """Refuse what is too large before it is read."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_RECORDING:
            raise forms.ValidationError(gettext("Choose a sound file (Ogg, MP3 or WAV) of at most 200 kB."))
        return file


@page(policy=PUBLIC)
def recording(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """The sound of one recording. It says numbers and rooms, and hangs in a hall for everybody to hear."""
    found = recording_of(recording_id)
    response = HttpResponse(bytes(found.content), content_type=found.media_type)
    response["Content-Disposition"] = f'inline; filename="{found.language}-{found.clip}"'
    response["Cache-Control"] = KEPT
    return response


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def voice(request: HttpRequest) -> HttpResponse:
    """The own recordings, and the form that adds one."""
    if request.method != "POST":
        return _page(request, RecordingForm())
    form = RecordingForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, 400)
    given = form.cleaned_data | {"content": form.cleaned_data["file"].read()}
    del given["file"]
    try:
        run_form(request, record_clip, lambda row: {"recording": str(row.id)}, **given)
    except Invalid as refusal:
        form.add_error("file", said(refusal))
        return _page(request, form, refusal.status)
    messages.success(request, gettext("Boards play this recording from the next call on."))
    return redirect("admin:voice")


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def drop(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Ask whether to take a recording back, and do it."""
    row = next((row for row in recordings() if row.id == recording_id), None)
    if request.method == "POST":
        run_form(request, drop_recording, lambda _none: {}, recording_id=recording_id)
        messages.success(request, gettext("Boards play the usual clip again."))
        return redirect("admin:voice")
    if row is None:
        raise NotFound
    context = admin.site.each_context(request) | {
        "title": gettext("Take a recording back"),
        "question": gettext("Play the usual clip again in place of “%(words)s”?") % {"words": _words(row)},
        "button": gettext("Take back"),
        "form": forms.Form(),
        "back_url": reverse("admin:voice"),
    }
    return render(request, "desk/confirm.html", context)


def _page(request: HttpRequest, form: RecordingForm, status: int = 200) -> HttpResponse:
    rows = [
        {
            "id": row.id,
            "language": get_language_info(row.language)["name_local"],
            "words": _words(row),
            "url": reverse("recording", args=[row.id]),
            "recorded_at": row.recorded_at,
        }
        for row in recordings()
    ]
    context = {"title": gettext("Voice of the boards"), "form": form, "rows": rows}
    return render(request, "display/voice.html", admin.site.each_context(request) | context, status=status)


def _clip_choices() -> list[tuple[str, str]]:
    """Every clip by its name with what it says, in the hall's languages: sentences, rooms, letters, numbers."""
    said_in = {language: texts(language) for language in SPOKEN}
    names = list(dict.fromkeys(name for words in said_in.values() for name in words))
    return [(name, " · ".join(dict.fromkeys(w[name] for w in said_in.values() if name in w))) for name in names]


def _words(row: Any) -> str:
    return texts(row.language).get(row.clip, row.clip)
