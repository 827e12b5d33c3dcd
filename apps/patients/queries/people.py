"""The people under a phone: a family, at this moment. Who signed in by code sees them and nobody else."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django_scopes import scope, scopes_disabled

from apps.accounts.queries import FacilityFacts, facilities, issued_at
from apps.core.commands import hidden_from
from apps.core.errors import Unauthenticated, sentence
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.patients.models import Allowance, Patient, phone_fingerprint
from apps.patients.rules.login_codes import FRESH, LimitName, phone_failure_limits
from apps.patients.rules.people import Status
from apps.patients.rules.phones import possible_phone


class CodeTooOld(Unauthenticated):
    """Raised with the door at which a new code is sent."""

    code = "code_too_old"
    detail = sentence("This needs a new code, so that nobody else reads it who has this phone in hand.")


def require_fresh_code(actor: Actor, now: datetime) -> None:
    """What is about somebody's health or about who read of it is shown on a phone only soon after a code: families
    share phones, and a sign-in lasts a day. Raises `CodeTooOld`."""
    if not code_is_fresh(actor, now):
        raise CodeTooOld(door="login-phone")


def code_is_fresh(actor: Actor, now: datetime) -> bool:
    """Whether somebody proved by a code, not long ago, that the phone is in their hand."""
    proved = issued_at(actor.credential_id) if actor.phone_index else None
    return proved is not None and now - proved <= FRESH


def patients_of(actor: Actor) -> QuerySet[Patient]:
    """Everybody registered now under the phone that somebody signed in by; nobody for anybody else."""
    return people_under(actor.phone_index) if actor.phone_index else Patient.objects.none()


def own_person(actor: Actor, patient_id: UUID) -> Patient:
    """Somebody under the phone that one signed in by. Raises `NotFound` for anybody else, as for nobody."""
    person = one(patients_of(actor).filter(id=patient_id))
    if person is None:
        raise hidden_from(actor, Permission.PATIENT_OWN)
    return person


def phone_of_family(actor: Actor) -> str:
    """The number that somebody signed in by, in E.164; "" where nobody is registered under it."""
    return next(iter(patients_of(actor).values_list("phone", flat=True)[:1]), "")


def patient_ids_under(phone_index: str, facility_id: UUID) -> list[str]:
    """The ids of those people, for the audit trail."""
    with scope(facility=facility_id):
        return [str(patient_id) for patient_id in people_under(phone_index).values_list("id", flat=True)]


def facility_of_phone(phone_index: str, code: str = "") -> FacilityFacts | None:
    """Where somebody with this phone signs in: the facility that was named, else the first by name that knows the
    phone, else the first. None where there is no facility at all."""
    houses = facilities()
    named = next((house for house in houses if house.code == code), None)
    if named or len(houses) < 2:
        return named or next(iter(houses), None)
    with scopes_disabled():
        known = Patient.objects.filter(facility_id__in=[h.id for h in houses], phone_index=phone_index)
        where = set(known.values_list("facility_id", flat=True))
    return next((house for house in houses if house.id in where), houses[0])


def code_sign_in_state(phone: str, now: datetime) -> str:
    """How it stands with codes for a phone in E.164: "open", "paused" for an hour, "closed" until the desk opens it."""
    limits = {limit.key: limit for limit in phone_failure_limits(phone_fingerprint(phone))}
    spent = Allowance.objects.filter(key__in=limits, used__gte=F("most"), resets_at__gt=now)
    names = {limits[key].name for key in spent.values_list("key", flat=True)}
    if LimitName.FAILURES_RUN in names:
        return "closed"
    return "paused" if names else "open"


def spent_limits(now: datetime) -> dict[str, int]:
    """`{limit: how many of it are used up}`: alarms, without anybody's phone or address."""
    spent = Allowance.objects.filter(used__gte=F("most"), resets_at__gt=now).values_list("name", flat=True)
    counts = {str(name): 0 for name in LimitName}
    for name in spent:
        counts[name] = counts.get(name, 0) + 1
    return counts


def people_of_phone(text: str) -> QuerySet[Patient]:
    """Everybody in this facility who is registered now under a phone as somebody typed it; nobody for no phone."""
    number = possible_phone(text)
    return people_under(phone_fingerprint(number)) if number else Patient.objects.none()


def people_under(phone_index: str) -> QuerySet[Patient]:
    """Everybody in this facility who is registered now under a phone, by its fingerprint."""
    people = Patient.objects.filter(~Q(status=Status.MERGED), phone_index=phone_index)
    return people.defer("phone", "address").order_by("name", "id")
