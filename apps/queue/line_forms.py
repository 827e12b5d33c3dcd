"""Forms about one person's turn: late, another doctor, another place, before everybody else."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.languages import named
from apps.patients.rules.people import OLDEST_TYPED, SEX_NAMES, Sex
from apps.queue.commands.aside import LATEST
from apps.queue.forms import ReasonForm
from apps.queue.patient_forms import LONGEST_REASON

ANYBODY = "anybody"


class LateForm(forms.Form):
    """In how many minutes somebody will be back."""

    minutes = forms.IntegerField(
        label=_("Back in how many minutes?"),
        min_value=1,
        max_value=LATEST,
        initial=15,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )


class ReassignForm(ReasonForm):
    """Which doctor sees somebody instead. `doctor` cleans to an id, or None for whoever is free."""

    doctor = forms.ChoiceField(label=_("Who sees them instead?"), widget=forms.RadioSelect)
    field_order = ["doctor", "reason"]

    def __init__(self, *args: Any, doctors: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [
            (
                str(doctor["id"]),
                gettext("%(doctor)s, %(people)d waiting") % {"doctor": doctor["name"], "people": doctor["waiting"]},
            )
            for doctor in doctors
        ]
        self.fields["doctor"].choices = [*others, (ANYBODY, gettext("Whoever is free next"))]  # type: ignore[attr-defined]

    def clean_doctor(self) -> UUID | None:
        chosen = self.cleaned_data["doctor"]
        return None if chosen == ANYBODY else UUID(chosen)


class MoveForm(ReasonForm):
    """Another place in the queue, and why: all staff can read it."""

    position = forms.IntegerField(
        label=_("New place in the queue"),
        min_value=1,
        max_value=100_000,
        help_text=_("1 is the next. Nobody comes before emergencies and urgent people by this."),
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    field_order = ["position", "reason"]


class EmergencyForm(forms.Form):
    """Why somebody goes before everybody else: one of a few buttons, or in other words."""

    REASONS = (
        _("Collapsed"),
        _("Cannot breathe"),
        _("Chest pain"),
        _("Heavy bleeding"),
        _("Fit or unconscious"),
    )
    reason = forms.CharField(max_length=LONGEST_REASON)


class UnknownForm(EmergencyForm):
    """Somebody whom nobody knows: where to, why, and how they look. Only the reason has to be pressed.

    A valid form's `cleaned_data` are the arguments of `commands.take_in_unknown`.
    """

    department_id = forms.TypedChoiceField(label=_("Department"), coerce=UUID, widget=forms.RadioSelect)
    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[(sex.value, _(name)) for sex, name in SEX_NAMES.items()],
        initial=Sex.UNKNOWN,
        widget=forms.RadioSelect,
    )
    age = forms.IntegerField(
        label=_("About how old, in years"),
        required=False,
        min_value=0,
        max_value=OLDEST_TYPED,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    field_order = ["department_id", "sex", "age", "reason"]

    def __init__(self, *args: Any, departments: list[tuple[Any, bool]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [
            (str(place.id), named(place) if seen else gettext("%(place)s (no doctor now)") % {"place": named(place)})
            for place, seen in departments
        ]
        self.fields["department_id"].choices = places  # type: ignore[attr-defined]
        self.fields["department_id"].initial = places[0][0] if places else None


class AnnouncementForm(forms.Form):
    """What everybody is told who waits for a doctor."""

    message = forms.CharField(
        label=_("What should they know?"),
        max_length=300,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "dir": "auto"}),
    )
    priority = forms.ChoiceField(
        label=_("How urgent?"),
        choices=[("normal", _("For information")), ("high", _("Important")), ("critical", _("Emergency"))],
        widget=forms.RadioSelect,
        initial="normal",
    )
    estimated_delay = forms.IntegerField(
        label=_("Delay in minutes, if known"),
        required=False,
        min_value=0,
        max_value=600,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
