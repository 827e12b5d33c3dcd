"""What the API takes and gives about patients, as the contract spells it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.fields import empty

from apps.core.api import TextField
from apps.core.errors import Invalid
from apps.patients.queries import LONGEST_SEARCH
from apps.patients.rules import emergency, identifiers, names, phones, texts
from apps.patients.rules.duplicates import REASON_NAMES
from apps.patients.rules.identifiers import IDENTIFIER_NAMES, IdentifierKind, clean_identifier
from apps.patients.rules.people import OLDEST_TYPED, SETTABLE, SEX_NAMES, STATUS_NAMES


class Cleaned(TextField):
    """A string that a rule cleans; what the rule refuses becomes the field's error, in the reader's language."""

    def __init__(self, rule: Callable[[str], str], **options: Any) -> None:
        self.rule = rule
        super().__init__(**options)

    def run_validation(self, data: Any = empty) -> Any:
        text = super().run_validation(data)
        try:
            return self.rule(text)
        except Invalid as refusal:
            raise refused(refusal) from refusal


def refused(refusal: Invalid) -> serializers.ValidationError:
    """A rule's refusal as DRF says it."""
    said = refusal.extra["errors"].values()
    return serializers.ValidationError([gettext(sentence) for sentences in said for sentence in sentences])


def _choices(named: Mapping[Any, str]) -> list[tuple[str, str]]:
    return [(str(value), name) for value, name in named.items()]


class IdentifierBody(serializers.Serializer[Any]):
    """A further identifier as it is given."""

    kind = serializers.ChoiceField(choices=_choices(IDENTIFIER_NAMES))
    value = TextField(max_length=identifiers.LONGEST_TYPED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            clean_identifier(IdentifierKind(attrs["kind"]), attrs["value"])
        except Invalid as refusal:
            raise serializers.ValidationError({"value": refused(refusal).detail}) from refusal
        return attrs


class PersonBody(serializers.Serializer[Any]):
    """What may be said of a person, at registration or later."""

    birthDate = serializers.DateField(source="birth_date", required=False)
    age = serializers.IntegerField(min_value=0, max_value=OLDEST_TYPED, required=False, help_text="Years")
    address = Cleaned(texts.clean_address, max_length=texts.LONGEST_ADDRESS_TYPED, required=False, allow_blank=True)
    pregnant = serializers.BooleanField(required=False)
    disabled = serializers.BooleanField(required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class RegistrationBody(PersonBody):
    """A person to be registered. Either `birthDate` or `age` is given; `phone` is "" for somebody without one."""

    name = Cleaned(names.clean_name, max_length=names.LONGEST_TYPED)
    sex = serializers.ChoiceField(choices=_choices(SEX_NAMES))
    phone = Cleaned(phones.clean_phone, max_length=phones.LONGEST_TYPED, allow_blank=True)
    identifiers = serializers.ListField(child=IdentifierBody(), required=False, max_length=10)


class ChangeBody(PersonBody):
    """Corrections of a record: what is left out stays as it is."""

    expectedVersion = serializers.IntegerField(source="expected_version", min_value=1)
    name = Cleaned(names.clean_name, max_length=names.LONGEST_TYPED, required=False)
    sex = serializers.ChoiceField(choices=_choices(SEX_NAMES), required=False)
    phone = Cleaned(phones.clean_phone, max_length=phones.LONGEST_TYPED, allow_blank=True, required=False)
    status = serializers.ChoiceField(choices=_choices({s: STATUS_NAMES[s] for s in SETTABLE}), required=False)


class SearchQuery(serializers.Serializer[Any]):
    """A UHID, a phone or its last four digits, an identifier, or a name in any script."""

    search = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_SEARCH, default="")


class Kept(serializers.CharField):
    """A text that is kept from some roles (`ROLE_FIELDS` in the policy): for them it is not there at all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)


class PatientRow(serializers.Serializer[Any]):
    """A record as lists show it: of the phone the last four digits only, to who may see them."""

    id = serializers.UUIDField()
    uhid = serializers.CharField()
    name = serializers.CharField()
    sex = serializers.ChoiceField(choices=_choices(SEX_NAMES))
    birthDate = serializers.DateField(source="birth_date")
    birthDateEstimated = serializers.BooleanField(source="birth_date_estimated")
    age = serializers.IntegerField(help_text="Years")
    ageSex = serializers.CharField(source="age_sex")
    phoneLast4 = Kept(source="phone_last4")
    status = serializers.ChoiceField(choices=_choices(STATUS_NAMES))
    version = serializers.IntegerField()


class PatientPage(serializers.Serializer[Any]):
    """One page of records."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PatientRow(many=True)


class PatientRecord(PatientRow):
    """A record as it is opened; that it was opened is on record."""

    phone = Kept(help_text="E.164")
    address = Kept()
    pregnant = serializers.BooleanField(required=False)
    disabled = serializers.BooleanField(required=False)
    needs = Kept(help_text="Why the queue gives a head start; empty for no reason")
    language = serializers.CharField()
    createdAt = serializers.DateTimeField(source="created_at")


class DuplicateRow(serializers.Serializer[Any]):
    """Somebody who may be the same person; `score` from 0 to 100."""

    id = serializers.UUIDField(source="patient.id")
    uhid = serializers.CharField(source="patient.uhid")
    name = serializers.CharField(source="patient.name")
    ageSex = serializers.CharField(source="patient.age_sex")
    phoneLast4 = Kept(source="patient.phone_last4")
    score = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=_choices(REASON_NAMES)))


class Registered(PatientRow):
    """A new record, and who may be the same person."""

    duplicates = DuplicateRow(many=True)


class IdentifierRow(serializers.Serializer[Any]):
    """A further identifier as it is shown: its last characters only."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=_choices(IDENTIFIER_NAMES))
    last4 = serializers.CharField()
    createdAt = serializers.DateTimeField(source="created_at")


class IdentifierPage(serializers.Serializer[Any]):
    """One page of identifiers."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = IdentifierRow(many=True)


class ReasonBody(serializers.Serializer[Any]):
    """Why a record must be read now, in at least ten characters."""

    reason = Cleaned(emergency.clean_reason, max_length=emergency.LONGEST_REASON)


class AccessRow(serializers.Serializer[Any]):
    """An emergency access: until when it is open."""

    accessId = serializers.UUIDField()
    endsAt = serializers.DateTimeField()
    endedAt = serializers.DateTimeField(allow_null=True)


class OpeningRow(serializers.Serializer[Any]):
    """Who opened a record; `right` is by what they could, beside their role."""

    at = serializers.DateTimeField()
    actor = serializers.DictField()
    action = serializers.ChoiceField(["patient.opened", "patient.break_glass"])
    right = serializers.CharField(allow_blank=True)


class OpeningPage(serializers.Serializer[Any]):
    """One page of openings."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = OpeningRow(many=True)


class PersonOut(serializers.Serializer[Any]):
    """Somebody under the phone that one signed in by."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    uhid = serializers.CharField()
