"""Forms of the desk about doctors' times: a delay, a leave, a session that is cancelled, a place for somebody."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.queue.patient_forms import LONGEST_REASON
from apps.scheduling.rules.leave import span

DELAYS = (0, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
"""Minutes that the desk chooses from."""


class _Date(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class _Time(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def _reason(**more: Any) -> forms.CharField:
    widget = forms.TextInput({"autocomplete": "off", "dir": "auto"})
    return forms.CharField(label=_("Reason"), max_length=LONGEST_REASON, widget=widget, **more)


class DelayForm(forms.Form):
    """How late a doctor is today."""

    minutes = forms.TypedChoiceField(
        label=_("How late today"), coerce=int, help_text=_("In all, not in addition to what was said before.")
    )
    reason = _reason(required=False, help_text=_("Stands in the audit trail; patients are not told."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "delay_%s"} | kwargs)
        self.fields["minutes"].choices = [  # type: ignore[attr-defined]
            (n, gettext("%(minutes)d minutes") % {"minutes": n} if n else gettext("On time")) for n in DELAYS
        ]


class LeaveForm(forms.Form):
    """When a doctor is away. A valid form's `span` is from where to where."""

    first = forms.DateField(label=_("First day"), widget=_Date)
    starts = forms.TimeField(
        label=_("From what time"), required=False, widget=_Time, help_text=_("Empty: from the morning.")
    )
    last = forms.DateField(label=_("Last day"), required=False, widget=_Date, help_text=_("Empty: the same day."))
    ends = forms.TimeField(
        label=_("Until what time"), required=False, widget=_Time, help_text=_("Empty: to the end of the day.")
    )
    reason = _reason(help_text=_("For the hospital only; patients are told that the doctor is away, not why."))

    def __init__(self, *args: Any, time_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "leave_%s"} | kwargs)
        self.time_zone = time_zone

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The moments, by the hospital's clock."""
        told = self.cleaned_data
        last = told["last"] or told["first"]
        return span(self._at(told["first"], told["starts"]), self._at(last, told["ends"]), self.time_zone)

    def _at(self, day: date, clock: time | None) -> date:
        return datetime.combine(day, clock, ZoneInfo(self.time_zone)) if clock else day


class FoundPlaceForm(forms.Form):
    """Which free place somebody is given. `places` are (slot id, what it is called)."""

    slot = forms.ChoiceField(label=_("Free places"))

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = places  # type: ignore[attr-defined]
