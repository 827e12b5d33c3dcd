"""Forms of the desk: a walk-in, a reason, another doctor."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core.languages import named
from apps.queue.patient_forms import LONGEST_REASON, SymptomsField
from apps.queue.queries.desk import least_waited_for
from apps.queue.queries.shown import NEEDS_NAMES
from apps.queue.rules.order import Source

ALONE = "alone"
"""Stands for this department only, whatever journey is usual there."""

_NEEDS = [("", _("Nothing in particular")), *((need.value, _(name)) for need, name in NEEDS_NAMES.items())]


class WalkInForm(forms.Form):
    """A number for somebody at the desk. `place` is a department, or a department and one of its doctors.

    A valid form's `arguments` are those of `commands.check_in`.
    """

    place = forms.ChoiceField(
        label=_("Department and doctor"),
        help_text=_("Of the doctors who are here, the one with the fewest waiting stands first."),
    )
    symptoms = SymptomsField(label=_("What is the complaint?"))
    needs = forms.ChoiceField(
        label=_("Special need"), required=False, choices=_NEEDS, help_text=_("Gives a head start in the queue.")
    )
    source = forms.ChoiceField(label=_("Kind of visit"), widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        departments: Iterable[Any],
        doctors: list[dict[str, Any]],
        phrases: list[str],
        may_be_emergency: bool,
        kinds: Iterable[Any] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        groups = [_group(place, doctors) for place in departments]
        self.fields["place"].choices = groups  # type: ignore[attr-defined]
        self.fields["place"].initial = groups[0][1][0][0] if groups else None
        self.fields["symptoms"].help_text = _symptoms_help(phrases)
        self.fields["source"].choices = _sources(may_be_emergency)  # type: ignore[attr-defined]
        self.fields["source"].initial = Source.WALK_IN
        offered = [(str(kind.id), kind.name) for kind in kinds]
        if offered:
            self.fields["journey"] = forms.ChoiceField(
                label=_("Stations"),
                required=False,
                choices=[("", _("As usual in this department")), (ALONE, _("Only this department")), *offered],
                help_text=_("Goes through the stations one after the other under one number."),
            )

    @property
    def arguments(self) -> dict[str, Any]:
        """What `check_in` takes."""
        department_id, _colon, doctor_id = self.cleaned_data["place"].partition(":")
        journey = self.cleaned_data.get("journey", "")
        return {
            "department_id": UUID(department_id),
            "doctor_id": UUID(doctor_id) if doctor_id else None,
            "symptoms": self.cleaned_data["symptoms"],
            "needs": self.cleaned_data["needs"],
            "source": self.cleaned_data["source"],
            "journey_id": UUID(journey) if journey and journey != ALONE else None,
            "alone": journey == ALONE,
        }


class ReasonForm(forms.Form):
    """Why something is done to a visit."""

    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput({"autocomplete": "off", "dir": "auto"})
    )


class CancelForm(ReasonForm):
    """Why a booking is cancelled, and whose wish it is: only for what the hospital had to cancel it says sorry."""

    wished = forms.BooleanField(label=_("The patient wishes it"), required=False)


class ClassForm(forms.Form):
    """How urgent somebody at triage is, and what they need."""

    urgency = forms.ChoiceField(
        label=_("How urgent?"),
        required=False,
        choices=[("", _("Waits in turn")), ("urgent", _("Urgent")), ("emergency", _("Emergency"))],
    )
    needs = forms.ChoiceField(label=_("Special need"), required=False, choices=_NEEDS)
    reason = forms.CharField(
        label=_("Why urgent?"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )


class JourneyForm(forms.Form):
    """A journey; its stations are boxes beside it."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput({"autocomplete": "off"}))
    active = forms.BooleanField(label=_("Offered at the desk"), required=False, initial=True)


class SendOnForm(forms.Form):
    """Which journey somebody goes along."""

    journey_id = forms.TypedChoiceField(label=_("Journey"), coerce=UUID)

    def __init__(self, *args: Any, kinds: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["journey_id"].choices = [(str(kind.id), kind.name) for kind in kinds]  # type: ignore[attr-defined]


class TransferForm(ReasonForm):
    """Where somebody is sent, and why. A valid form's `arguments` are those of `commands.transfer`."""

    place = forms.ChoiceField(label=_("Department and doctor"))
    field_order = ("place", "reason")

    def __init__(self, *args: Any, departments: Iterable[Any], doctors: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            (
                named(place),
                [
                    (str(place.id), gettext("%(place)s, whoever is free") % {"place": named(place)}),
                    *((f"{place.id}:{one.id}", one.name) for one in doctors if place.id in one.department_ids),
                ],
            )
            for place in departments
        ]

    @property
    def arguments(self) -> dict[str, Any]:
        """What `transfer` takes."""
        department_id, _colon, doctor_id = self.cleaned_data["place"].partition(":")
        return {
            "department_id": UUID(department_id),
            "doctor_id": UUID(doctor_id) if doctor_id else None,
            "reason": self.cleaned_data["reason"],
        }


class UrgentForm(ReasonForm):
    """Why a visit goes first, and how far."""

    emergency = forms.BooleanField(
        label=_("Emergency: before everybody else"), required=False, help_text=_("Without it: before all in turn.")
    )


class ReassignForm(forms.Form):
    """Bookings that go to another doctor. `people` and `doctors` are what can be chosen, as (id, name).

    A valid form's `arguments` are those of `commands.reassign_bookings`.
    """

    bookings = forms.MultipleChoiceField(label=_("Whose bookings"), widget=forms.CheckboxSelectMultiple)
    doctor = forms.ChoiceField(label=_("To which doctor"))
    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput({"autocomplete": "off", "dir": "auto"})
    )

    def __init__(
        self, *args: Any, people: list[tuple[UUID, str]], doctors: list[tuple[UUID, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bookings"].choices = people  # type: ignore[attr-defined]
        self.fields["doctor"].choices = doctors  # type: ignore[attr-defined]

    @property
    def arguments(self) -> dict[str, Any]:
        """What `reassign_bookings` takes."""
        return {
            "booking_ids": [UUID(id_) for id_ in self.cleaned_data["bookings"]],
            "doctor_id": UUID(self.cleaned_data["doctor"]),
            "reason": self.cleaned_data["reason"],
        }


class PlaceForm(forms.Form):
    """Another place on the waiting list, and why."""

    position = forms.IntegerField(
        label=_("New place on the list"),
        min_value=1,
        max_value=100_000,
        help_text=_("1 is the next who gets a place."),
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput({"autocomplete": "off", "dir": "auto"})
    )


def _group(department: Any, doctors: list[dict[str, Any]]) -> tuple[str, list[tuple[str, str]]]:
    """A department's choices: its doctors, the least waited for first, then whoever is free."""
    own = [doctor for doctor in doctors if department.id in doctor["departments"]]
    best = least_waited_for(own)
    ordered = sorted(own, key=lambda d: (d["id"] != best, not d["available"], d["waiting"], d["name"]))
    choices = [(f"{department.id}:{doctor['id']}", _doctor_label(doctor)) for doctor in ordered]
    anybody = (str(department.id), gettext("Any doctor"))
    return named(department), [*choices, anybody] if best else [anybody, *choices]


def _doctor_label(doctor: dict[str, Any]) -> str:
    people = doctor["waiting"]
    label = ngettext("%(doctor)s, %(people)d waiting", "%(doctor)s, %(people)d waiting", people)
    label %= {"doctor": doctor["name"], "people": people}
    return label if doctor["available"] else gettext("%(doctor)s (not here now)") % {"doctor": label}


def _symptoms_help(phrases: list[str]) -> str:
    """What the triage rules listen for, so that the desk knows what a line will do."""
    if not phrases:
        return gettext("One to a line.")
    listed = ", ".join(phrases)
    return gettext("One to a line. These words make the visit urgent: %(phrases)s.") % {"phrases": listed}


def _sources(may_be_emergency: bool) -> list[tuple[str, str]]:
    sources = [(str(Source.WALK_IN), gettext("Walk-in")), (str(Source.FOLLOW_UP), gettext("Follow-up"))]
    return [*sources, (str(Source.EMERGENCY), gettext("Emergency"))] if may_be_emergency else sources
