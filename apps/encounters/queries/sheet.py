"""A prescription as its paper shows it, in the patient's language: the same values for the page and for the file."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import facility_facts
from apps.core.commands import hidden_from
from apps.core.errors import NotFound, sentence
from apps.core.languages import named
from apps.core.policy import Actor, Fields, Permission
from apps.core.queries import one
from apps.encounters.models import Vitals
from apps.encounters.queries.papers import Paper, paper_of
from apps.encounters.queries.prescribed import history, with_a_paper
from apps.encounters.queries.vitals import vitals_row
from apps.encounters.rules.papers import TITLES
from apps.encounters.rules.prescribing import Item
from apps.encounters.rules.taking import IN_FULL, OF_DAY, amounts, in_full
from apps.encounters.rules.vitals import in_force
from apps.patients.queries import patients_of
from apps.patients.rules.people import age_sex
from apps.queue.queries.own import own_visits
from apps.queue.queries.visits import visit_of
from apps.queue.rules.states import State

Part = dict[str, Any]
"""A heading with its lines: `{title, lines}`."""


class NothingSigned(NotFound):
    code = "nothing_signed"
    detail = sentence("Nothing was signed for this visit, so there is no prescription to print.")


def readable_visit(actor: Actor, visit_id: UUID, now: datetime) -> tuple[Any, bool]:
    """A visit whose prescription somebody of the staff may read, and whether they may read the rest of the paper, too:
    the rule of the record. Raises `NotFound`, `Forbidden`."""
    visit = visit_of(visit_id)
    found = history(actor, visit.patient_id, now)
    if not found.visits.filter(id=visit_id).exists():
        raise hidden_from(actor, Permission.PATIENT_READ)
    return visit, found.access is not None or actor.sees(Fields.CLINICAL)


def own_prescribed(actor: Actor) -> QuerySet[Any]:
    """Visits of the people under somebody's phone at which something was signed or a test was ordered, the newest
    first; as `with_a_paper` has them."""
    finished = own_visits(actor).filter(patient__in=patients_of(actor).values("id"), state=State.COMPLETED)
    return with_a_paper(finished).order_by("-day", "-ended_at", "id")


def own_prescribed_visit(actor: Actor, visit_id: UUID) -> Any:
    """One of them. Raises `NotFound` for anybody else's, as for none."""
    visit = one(own_prescribed(actor).filter(id=visit_id))
    if visit is None:
        raise hidden_from(actor, Permission.PRESCRIPTION_READ_OWN)
    return visit


def sheet_of(visit: Any, *, whole: bool = True, language: str = "") -> dict[str, Any]:
    """What stands on the paper of a finished visit, in `language` or the patient's own. Without `whole` the medicines
    alone.

    `{kind, title, hospital, doctor, facts, before, medicines, after, signed, page, foot, name, language}`; only what
    was signed, and the tests that were ordered. Raises `NothingSigned`.
    """
    chosen = language if language in dict(settings.LANGUAGES) else visit.patient.language
    paper = paper_of(visit.id, chosen) if visit.state == State.COMPLETED else None
    if paper is None:
        raise NothingSigned
    with translation.override(chosen):
        return _words(visit, paper, whole) | {"language": chosen}


def _words(visit: Any, paper: Paper, whole: bool) -> dict[str, Any]:
    facility = facility_facts(visit.facility_id)
    words = _part(gettext("Advice") if paper.medicines else gettext("Medicines"), _lines(paper.words))
    return {
        "kind": str(paper.kind),
        "title": gettext(TITLES[paper.kind]),
        "hospital": {"name": named(facility), "lines": [part for part in (facility.address, facility.phone) if part]},
        "doctor": _doctor(visit),
        "facts": _facts(visit),
        "before": _filled([_vitals(visit), _diagnoses(paper)] if whole else []),
        "medicines": _medicines(paper.medicines),
        "after": _filled([words, *(_to_do(paper, facility) if whole else ())]),
        "signed": _signed(paper, visit.doctor, facility),
        "page": gettext("Page"),
        "foot": f"{visit.token.token_number}, {visit.patient.uhid}",
        "name": f"{paper.kind}-{visit.token.token_number}-{visit.day:%Y-%m-%d}",
    }


def _diagnoses(paper: Paper) -> Part:
    told = [
        " ".join(part for part in (one["text"], f"({one['code']})" if one["code"] else "") if part)
        for one in paper.diagnoses
    ]
    return _part(gettext("Diagnosis"), told)


def _to_do(paper: Paper, facility: Any) -> list[Part]:
    """What the patient is to do besides taking medicines."""
    diets = [part for diet in paper.diets for part in (diet.name, *_lines(diet.text)) if part]
    sent = [": ".join(part for part in (one.to, one.reason) if part) for one in paper.referrals]
    return [
        _part(gettext("Tests ordered for you"), _tests(paper)),
        _part(gettext("Advice"), _lines(paper.advice)),
        _part(gettext("Food"), diets),
        _part(gettext("Please also see"), sent),
        _part(gettext("Come again"), _come_again(paper, facility)),
    ]


def _tests(paper: Paper) -> list[str]:
    """What was ordered, by the department that does it: a test's name is written as on the department's list."""
    places: dict[str, list[str]] = {}
    for order in paper.tests:
        places.setdefault(named(order.department), []).append(order.investigation.name)
    return [f"{place}: {', '.join(tests)}" for place, tests in places.items()]


def _come_again(paper: Paper, facility: Any) -> list[str]:
    if paper.follow_up is None:
        return []
    day = date_format(paper.follow_up.on, "j M Y")
    if paper.follow_up.at is None:
        return [day]
    at = {"day": date_format(facility.day_of(paper.follow_up.at), "j M Y"), "time": facility.clock(paper.follow_up.at)}
    return [gettext("%(day)s at %(time)s, a place is booked for you") % at]


def _doctor(visit: Any) -> Part:
    doctor = visit.doctor
    about = [part for part in (doctor.qualifications, doctor.specialization) if part]
    registered = gettext("Registration no. %(number)s") % {"number": doctor.license_number}
    return {"name": named(doctor), "lines": [*about, registered] if doctor.license_number else about}


def _facts(visit: Any) -> list[dict[str, str]]:
    patient = visit.patient
    told = (
        (gettext("Name"), patient.name),
        (gettext("Age, sex"), age_sex(patient.birth_date, patient.sex, visit.day, gettext)),
        (gettext("UHID"), patient.uhid),
        (gettext("Date"), date_format(visit.day, "j M Y")),
        (gettext("Token"), visit.token.label),
        (gettext("Department"), named(visit.department)),
    )
    return [{"label": label, "value": value} for label, value in told]


def _vitals(visit: Any) -> Part:
    taken = list(Vitals.objects.filter(visit_id=visit.id).order_by("-taken_at", "id"))
    rows = vitals_row(in_force(row.values for row in taken), taken[0].age) if taken else []
    told = ", ".join(f"{row['name']} {row['value']} {row['unit']}".strip() for row in rows)
    return _part(gettext("Vital signs"), [told] if told else [])


def _medicines(items: Sequence[Item]) -> Part:
    return {
        "title": gettext("Medicines"),
        "columns": [gettext(name) for name in OF_DAY[3]],
        "rows": [_row(number, item) for number, item in enumerate(items, 1)],
    }


def _row(number: int, item: Item) -> dict[str, Any]:
    """A medicine: `at` has how much in the morning, at noon and at night, where it is written so; else `when` says it
    in words."""
    taken = amounts(item.frequency)
    named = [f"{gettext(name)} {much}" for name, much in zip(OF_DAY.get(len(taken), ()), taken, strict=True)]
    days = ngettext("for %(days)d day", "for %(days)d days", item.days) % {"days": item.days}
    at = list(taken) if len(taken) == len(OF_DAY[3]) else []
    when = "" if at else ", ".join(named) or _told(item.frequency)
    how = ", ".join(part for part in (item.dose, when, days, _told(item.instructions)) if part)
    return {"number": str(number), "medicine": item.medicine, "at": at, "how": how}


def _told(text: str) -> str:
    """What a doctor wrote, in the language of the paper where it is one of the usual words."""
    known = in_full(text) or _in_english().get(text.strip().lower(), "")
    return gettext(known) if known else text


@cache
def _in_english() -> dict[str, str]:
    """The usual words by their translations: the console suggests them in the doctor's language."""
    said: dict[str, str] = {}
    for language in settings.STAFF_LANGUAGES:
        with translation.override(language):
            said |= {gettext(words).lower(): words for words in IN_FULL.values()}
    return said


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _signed(paper: Paper, doctor: Any, facility: Any) -> str:
    """Who answers for it, and since when. Where tests were ordered and nothing was signed there is no signature."""
    at = paper.signed_at or paper.tests[-1].ordered_at
    moment = f"{date_format(facility.day_of(at), 'j M Y')} {facility.clock(at)}"
    if paper.signed_at is None:
        return gettext("Ordered by %(doctor)s, %(time)s") % {"doctor": named(paper.tests[-1].doctor), "time": moment}
    return gettext("Signed by %(doctor)s, %(time)s") % {"doctor": named(doctor), "time": moment}


def _part(title: str, lines: list[str]) -> Part:
    return {"title": title, "lines": lines}


def _filled(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part["lines"]]
