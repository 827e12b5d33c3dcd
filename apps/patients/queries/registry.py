"""Reads of the registry: one record, search at the desk, likely duplicates, and what other screens show."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, TypedDict
from uuid import UUID

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Greatest
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.policy import Actor, Fields
from apps.core.statements import prepared
from apps.patients.models import Patient, PatientIdentifier, identifier_fingerprint, phone_fingerprint
from apps.patients.rules.duplicates import FAR_APART, LIKELY, Reason, Traits, likeness
from apps.patients.rules.identifiers import IdentifierKind, possible_identifier
from apps.patients.rules.names import initials, name_key
from apps.patients.rules.people import Status, age_on, age_sex, birth_date_of_age, needs_class
from apps.patients.rules.phones import four_digits, possible_phone
from apps.patients.rules.texts import visible
from apps.patients.rules.uhid import read_uhid

LONGEST_SEARCH = 200
"""Characters of a search that are looked at."""

ALIKE_AT_MOST = 100
"""Records that a misspelt name finds: likeness must be reckoned for every one before the first can be shown."""

SHORTLIST = 50
"""Records that a search for duplicates compares in detail."""

SHOWN_DUPLICATES = 8


class PatientNotActive(Conflict):
    code = "patient_not_active"
    detail = sentence("This record is not active, so it cannot book or check in.")


class Facts(TypedDict):
    """What follows from a record today. `needs` is the queue's class, "" for none; `age` in years."""

    id: UUID
    uhid: str
    name: str
    initials: str
    sex: str
    age: int
    age_sex: str
    needs: str
    phone_last4: str
    language: str
    status: str


class Duplicate(TypedDict):
    """Somebody who may be the same person, how likely (0 to 100) and why."""

    patient: dict[str, Any]
    score: int
    reasons: list[Reason]


def get(patient_id: UUID) -> Patient:
    """A record of this facility. Raises `NotFound`."""
    patient = _patient.one(patient_id)
    if patient is None:
        raise NotFound
    return patient


@prepared
def _patient(patient_id: UUID) -> QuerySet[Patient]:
    return Patient.objects.filter(id=patient_id)


@prepared
def _patient_kept(patient_id: UUID) -> QuerySet[Patient]:
    return Patient.objects.select_for_update(no_key=True).filter(id=patient_id)


def get_active(patient_id: UUID) -> Patient:
    """A record that may book and check in, locked until the command ends: nobody finds out meanwhile that it is another
    person's, or takes it out of use. Raises `NotFound`, `PatientNotActive`."""
    patient = _patient_kept.one(patient_id)
    if patient is None:
        raise NotFound
    if patient.status != Status.ACTIVE:
        raise PatientNotActive(extra={"state": patient.status, "version": patient.version, "allowed": []})
    return patient


def identifiers(patient_id: UUID) -> QuerySet[PatientIdentifier]:
    """The further identifiers of a record, oldest first; their sealed values are left where they are."""
    return PatientIdentifier.objects.filter(patient_id=patient_id).defer("value").order_by("created_at", "id")


def facts(patient: Patient, now: datetime) -> Facts:
    """What follows from a record today, for rules; costs no statement. What is shown to somebody is a `brief`."""
    day = facility_facts(patient.facility_id).day_of(now)
    return Facts(
        id=patient.id,
        uhid=patient.uhid,
        name=patient.name,
        initials=initials(patient.name),
        sex=patient.sex,
        age=age_on(patient.birth_date, day),
        age_sex=age_sex(patient.birth_date, patient.sex, day, gettext),
        needs=needs_class(patient.birth_date, day, pregnant=patient.pregnant, disabled=patient.disabled),
        phone_last4=patient.phone_last4,
        language=patient.language,
        status=patient.status,
    )


def brief(patient: Patient, now: datetime, actor: Actor) -> dict[str, Any]:
    """The facts of a person that somebody may see (`ROLE_FIELDS`); what is kept from them is not there."""
    return actor.seen(facts(patient, now))


def _listed() -> QuerySet[Patient]:
    """Records as lists show them: phone and address stay sealed."""
    return Patient.objects.defer("phone", "address")


def search(text: str, actor: Actor) -> QuerySet[Patient]:
    """Records that a text finds, the best first; without a text everybody, the newest first.

    The first of these that finds anybody: who is named for certain (UHID, phone or its last four digits, an
    identifier); whose name, in any script, has words that begin so; whose name is spelt alike. Phones and
    identifiers find nobody for who may not see even the end of a phone.
    """
    wanted = visible(text[:LONGEST_SEARCH])
    if not wanted:
        return _listed().order_by("-created_at", "id")
    exactly = _named_exactly if actor.sees(Fields.PHONE_END) else _of_uhid
    for named in (exactly, _named_beginning, _named_alike):
        found = named(wanted)
        # Not `exists()`: without the order PostgreSQL would rather read the whole table than the index.
        if found is not None and found.first():
            return found
    return _listed().none()


def _of_uhid(wanted: str) -> QuerySet[Patient] | None:
    """Whose UHID a text is. None if it cannot be one."""
    uhid = read_uhid(wanted)
    return _listed().filter(uhid=uhid).order_by("name_key", "id") if uhid else None


def _named_exactly(wanted: str) -> QuerySet[Patient] | None:
    """Whose UHID, phone, last four digits or identifier a text is. None if it can be none of them."""
    conditions: list[Q] = []
    if uhid := read_uhid(wanted):
        conditions.append(Q(uhid=uhid))
    if phone := possible_phone(wanted):
        conditions.append(Q(phone_index=phone_fingerprint(phone)))
    if last4 := four_digits(wanted):
        conditions.append(Q(phone_last4=last4) & ~Q(phone_index=""))
    identified = [(kind, wanted) for kind in IdentifierKind]
    if holders := _holders_of(_fingerprints(identified)):
        conditions.append(Q(id__in=list(holders)))
    return _listed().filter(reduce(or_, conditions)).order_by("name_key", "id") if conditions else None


def _named_beginning(wanted: str) -> QuerySet[Patient] | None:
    """Whose name begins so, then in whose name a later word does."""
    if not (key := _key_of(wanted)):
        return None
    begins = Q(name_key__startswith=key)
    place = Case(When(begins, then=0), default=1)
    return _listed().filter(begins | Q(name_key__contains=f" {key}")).order_by(place, "name_key", "id")


def _named_alike(wanted: str) -> QuerySet[Patient] | None:
    """Whose name is spelt like it or has a word like it, the most alike first, up to a hundred."""
    if not (key := _key_of(wanted)):
        return None
    likeness = Greatest(TrigramSimilarity("name_key", key), TrigramWordSimilarity(key, "name_key"))
    similar = Q(name_key__trigram_similar=key) | Q(name_key__trigram_word_similar=key)
    best = _listed().filter(similar).annotate(likeness=likeness).order_by("-likeness", "name_key", "id")
    ids = best.values_list("id", flat=True)[:ALIKE_AT_MOST]
    return _listed().filter(id__in=list(ids)).annotate(likeness=likeness).order_by("-likeness", "name_key", "id")


def _key_of(wanted: str) -> str:
    """What a text sounds like as a name; "" for digits and signs, which are no name."""
    return name_key(wanted) if any(c.isalpha() for c in wanted) else ""


def likely_duplicates(
    *,
    actor: Actor,
    now: datetime,
    name: str = "",
    phone: str = "",
    birth_date: date | None = None,
    age: int | None = None,
    identifiers: Sequence[tuple[IdentifierKind, str]] = (),
    excluding: UUID | None = None,
) -> list[Duplicate]:
    """People who may be the one that is being typed in, the likeliest first.

    What is not typed yet, or cannot be read, is left out of the comparison.
    """
    number = possible_phone(phone)
    asked = Traits(
        name_key=name_key(name),
        # A day more or less, by the time zone, is nothing to a guess from an age.
        birth_date=birth_date if age is None else birth_date_of_age(age, now.date()),
        estimated=age is not None,
        phone=phone_fingerprint(number) if number else "",
        identifiers=_fingerprints(identifiers),
    )
    holders = _holders_of(asked.identifiers)
    found = [_compared(asked, patient, holders, now, actor) for patient in _shortlist(asked, holders, excluding)]
    likely = [duplicate for duplicate in found if duplicate["score"] >= LIKELY]
    return sorted(likely, key=lambda d: (-d["score"], d["patient"]["name"]))[:SHOWN_DUPLICATES]


def _fingerprints(identifiers: Sequence[tuple[IdentifierKind, str]]) -> frozenset[str]:
    readable = [(kind, possible_identifier(kind, text)) for kind, text in identifiers]
    return frozenset(identifier_fingerprint(kind, value) for kind, value in readable if value)


def _holders_of(fingerprints: frozenset[str]) -> dict[UUID, frozenset[str]]:
    """Who has one of these identifiers, and which."""
    if not fingerprints:
        return {}
    held = PatientIdentifier.objects.filter(value_index__in=fingerprints).values_list("patient_id", "value_index")
    return {holder: frozenset(v for h, v in held if h == holder) for holder, _ in held}


def _shortlist(asked: Traits, holders: Iterable[UUID], excluding: UUID | None) -> QuerySet[Patient]:
    """Whoever shares the phone or an identifier, then those whose name is most alike and whose age fits."""
    named = Q(name_key__trigram_similar=asked.name_key) if asked.name_key else Q(id__in=[])
    if asked.birth_date:
        around = timedelta(days=FAR_APART * 366)
        named &= Q(birth_date__range=(asked.birth_date - around, asked.birth_date + around))
    certain = Q(id__in=list(holders))
    if asked.phone:
        certain |= Q(phone_index=asked.phone)
    others = ~Q(id=excluding) if excluding else Q()
    return (
        _listed()
        .filter(others, certain | named)
        .annotate(
            certain=Case(When(certain, then=1), default=0),
            alike=TrigramSimilarity("name_key", asked.name_key),
        )
        .order_by("-certain", "-alike", "id")[:SHORTLIST]
    )


def _compared(
    asked: Traits, patient: Patient, holders: dict[UUID, frozenset[str]], now: datetime, actor: Actor
) -> Duplicate:
    known = Traits(
        name_key=patient.name_key,
        birth_date=patient.birth_date,
        estimated=patient.birth_date_estimated,
        phone=patient.phone_index,
        identifiers=holders.get(patient.id, frozenset()),
    )
    score, reasons = likeness(asked, known)
    return Duplicate(patient=brief(patient, now, actor), score=score, reasons=reasons)
