"""What patients choose and type themselves, on a phone or at a hall's code. The desk books with the same."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Invalid
from apps.patients.rules.names import LONGEST, clean_name
from apps.patients.rules.people import OLDEST_TYPED
from apps.queue.rules.feedback import LONGEST_COMMENT, Face
from apps.queue.rules.geofence import Position
from apps.scheduling.rules.allocation import BookingSource

MOST_SYMPTOMS = 20
LONGEST_SYMPTOM = 200
LONGEST_REASON = 200


class SymptomsField(forms.CharField):
    """What somebody complains of, one to a line; cleaned to a list."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=MOST_SYMPTOMS * (LONGEST_SYMPTOM + 2), **options)
        self.widget.attrs |= {"rows": 3, "autocomplete": "off", "dir": "auto"}

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_SYMPTOMS or any(len(line) > LONGEST_SYMPTOM for line in lines):
            raise forms.ValidationError(gettext("At most 20 lines of 200 letters."))
        return lines


class BookingForm(forms.Form):
    """A time for somebody. `slot` is how it was shown and its id: `free:…` has a place, `over:…` has one only if
    somebody gives way, `wait:…` stands for a whole day without one."""

    slot = forms.CharField(label=_("Time"), max_length=50, error_messages={"required": _("Choose a time.")})
    reason = forms.CharField(
        label=_("What is it about?"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )

    def clean_slot(self) -> tuple[str, UUID]:
        shown, _colon, slot_id = self.cleaned_data["slot"].partition(":")
        try:
            return shown, UUID(slot_id)
        except ValueError:
            raise forms.ValidationError(gettext("Choose a time.")) from None


class OwnBookingForm(forms.Form):
    """What somebody says who books by themselves. `follows`: the day of a visit that this may follow up. `priority`:
    what paid priority costs, where it is offered."""

    reason = forms.CharField(
        label=_("What troubles you?"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, *args: Any, follows: date | None, priority: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if follows:
            label = gettext("I come again about my visit on %(day)s") % {"day": date_format(follows, "j F")}
            self.fields["follow_up"] = forms.BooleanField(label=label, required=False)
        if priority:
            label = gettext("Paid priority: I pay %(price)s now, and then the time is mine") % {"price": priority}
            self.fields["priority"] = forms.BooleanField(label=label, required=False)

    @property
    def source(self) -> BookingSource:
        """How the booking comes about."""
        if self.cleaned_data.get("priority"):
            return BookingSource.PAID_PRIORITY
        return BookingSource.FOLLOW_UP if self.cleaned_data.get("follow_up") else BookingSource.ONLINE


class WhereaboutsForm(forms.Form):
    """Where a phone says that it is; empty where it does not say."""

    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, widget=forms.HiddenInput)
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, widget=forms.HiddenInput)
    accuracy = forms.FloatField(required=False, min_value=0, max_value=100_000, widget=forms.HiddenInput)

    @property
    def position(self) -> Position | None:
        """The position, if there is one."""
        at = self.cleaned_data
        if at["latitude"] is None or at["longitude"] is None:
            return None
        return Position(at["latitude"], at["longitude"], at["accuracy"] or 0.0)


class WordsField(forms.CharField):
    """Words of several lines. A browser sends two characters for a line break, and counts one of what may be typed."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class FeedbackForm(forms.Form):
    """How somebody's visit was."""

    face = forms.TypedChoiceField(choices=[(int(face), face.name) for face in Face], coerce=int)
    comment = WordsField(
        required=False,
        max_length=LONGEST_COMMENT,
        error_messages={"max_length": _("That is too long. Please shorten it to 500 letters; nothing is lost yet.")},
    )


class SelfCheckInForm(forms.Form):
    """Somebody who scanned the hall's code takes a place in the queue."""

    name = forms.CharField(
        label=_("Your name"), max_length=LONGEST, widget=forms.TextInput({"autocomplete": "name", "dir": "auto"})
    )
    age = forms.IntegerField(
        label=_("Your age in years"),
        min_value=0,
        max_value=OLDEST_TYPED,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    symptoms = SymptomsField(label=_("What troubles you?"), help_text=_("In your own words, one thing to a line."))

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except Invalid as refusal:
            said = [gettext(text) for texts in refusal.extra["errors"].values() for text in texts]
            raise forms.ValidationError(said) from refusal
