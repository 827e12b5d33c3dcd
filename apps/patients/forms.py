"""The desk's forms about people. They check by the same rules as the API and speak the reader's language."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Invalid
from apps.core.views import said
from apps.patients.rules.names import LONGEST, clean_name
from apps.patients.rules.people import OLDEST_TYPED, SEX_NAMES, birth
from apps.patients.rules.phones import LONGEST_TYPED, clean_phone
from apps.patients.rules.texts import LONGEST_ADDRESS, clean_address


class RegisterForm(forms.Form):
    """A person to be registered at the desk. `day` is the facility's today.

    A valid form's `cleaned_data` are the arguments of `commands.register`.
    """

    phone = forms.CharField(
        label=_("Phone"),
        max_length=LONGEST_TYPED,
        required=False,
        help_text=_("Leave empty only if there is none, not even in the family."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "inputmode": "tel"}),
    )
    name = forms.CharField(
        label=_("Name"), max_length=LONGEST, widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"})
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=[(s.value, _(name)) for s, name in SEX_NAMES.items()], widget=forms.RadioSelect
    )
    age = forms.IntegerField(label=_("Age in years"), min_value=0, max_value=OLDEST_TYPED, required=False)
    birth_date = forms.DateField(
        label=_("or birth date"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_ADDRESS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "dir": "auto"}),
    )
    pregnant = forms.BooleanField(label=_("Pregnant"), required=False)
    disabled = forms.BooleanField(label=_("Disabled"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial=settings.LANGUAGE_CODE)

    def __init__(self, *args: Any, day: date, **kwargs: Any) -> None:
        self.day = day
        super().__init__(*args, **kwargs)

    def clean_name(self) -> str:
        return _checked(clean_name, self.cleaned_data["name"])

    def clean_phone(self) -> str:
        return _checked(clean_phone, self.cleaned_data["phone"])

    def clean_address(self) -> str:
        return _checked(clean_address, self.cleaned_data["address"])

    def clean(self) -> dict[str, Any]:
        """Exactly one of age and birth date, and one that can be."""
        fields: dict[str, Any] = self.cleaned_data
        if not {"age", "birth_date"} & set(self.errors):
            try:
                birth(fields.get("birth_date"), fields.get("age"), self.day)
            except Invalid as refusal:
                self.add_error("age" if "age" in refusal.extra["errors"] else "birth_date", _said(refusal))
        return fields


def _checked(rule: Callable[[str], str], text: str) -> str:
    try:
        return rule(text)
    except Invalid as refusal:
        raise _said(refusal) from refusal


def _said(refusal: Invalid) -> ValidationError:
    """A rule's refusal as a form says it."""
    said = refusal.extra["errors"].values()
    return ValidationError([gettext(sentence) for sentences in said for sentence in sentences])


class PhoneForm(forms.Form):
    """The phone of somebody who wants to sign in."""

    phone = forms.CharField(
        label=_("Phone number"),
        max_length=LONGEST_TYPED,
        help_text=_("The one you gave at the desk, for example 98765 43210. We send a code to it."),
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "tel", "autofocus": True}),
    )

    def clean_phone(self) -> str:
        """In E.164."""
        try:
            return clean_phone(self.cleaned_data["phone"])
        except Invalid as refusal:
            raise ValidationError(said(refusal)) from refusal


class CodeForm(forms.Form):
    """The code that came to a phone. One field, so that it can be pasted and filled in by the phone itself."""

    phone = forms.CharField(max_length=LONGEST_TYPED, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Code"),
        max_length=LONGEST_TYPED,
        widget=forms.TextInput(
            {
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "autofocus": True,
                "maxlength": 12,  # six digits as somebody may paste them, with spaces
            }
        ),
    )
