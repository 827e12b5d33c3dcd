"""On the console, what comes after the visit: the day to come again, referrals, diets."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from apps.accounts.queries import facility_facts
from apps.core.errors import Invalid, sentence
from apps.core.views import run_form
from apps.encounters.commands import afterwards
from apps.encounters.queries.diets import diet_plans
from apps.encounters.queries.notes import Written
from apps.encounters.rules.outcome import LONGEST_NAME, LONGEST_WORDS
from apps.encounters.views.typing import place_of, typed, visit_of
from apps.queue.rules.journeys import TESTS
from apps.scheduling.queries import departments, nearest_free
from apps.scheduling.rules import DepartmentStatus
from apps.scheduling.rules.allocation import BookingSource

USUAL_DAYS = (3, 7, 14, 30, 90)
"""After how many days people are usually asked to come again."""


def _run(request: HttpRequest, command: Any, **about: Any) -> str:
    run_form(request, command, lambda _done: {}, visit_id=visit_of(request), **about)
    return ""


def follow_up(request: HttpRequest, doctor: Any) -> str:
    """Come again after so many days, on a day, or not."""
    days, on = typed(request, "days"), typed(request, "on")
    if days:
        if not days.isdecimal() or len(days) > 3:
            raise Invalid({"days": [sentence("Choose a day from tomorrow on, within a year.")]})
        return _run(request, afterwards.set_follow_up, days=int(days))
    return _run(request, afterwards.set_follow_up, on=_day(on) if on else None)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid({"on": [sentence("Choose a day from tomorrow on, within a year.")]}) from None


def refer(request: HttpRequest, doctor: Any) -> str:
    """To a department that is chosen, or to whom is typed."""
    chosen = typed(request, "refer_place")
    place = visit_of(request, "refer_place") if chosen else None
    to, why = typed(request, "refer_to"), typed(request, "refer_why")
    return _run(request, afterwards.refer, department_id=place, to=to, reason=why)


def drop_referral(request: HttpRequest, doctor: Any) -> str:
    """A referral less."""
    return _run(request, afterwards.drop_referral, place=place_of(request))


def add_diet(request: HttpRequest, doctor: Any) -> str:
    """A plan of the hospital, free words, or both."""
    return _run(request, afterwards.add_diet, code=typed(request, "diet"), text=typed(request, "diet_words"))


def drop_diet(request: HttpRequest, doctor: Any) -> str:
    """A diet less."""
    return _run(request, afterwards.drop_diet, place=place_of(request))


def shown(written: Written, doctor_id: UUID, now: datetime) -> dict[str, Any]:
    """What the console shows: `{follow_up, at, nearest, days, referrals, places, diets, plans, longest, longest_name}`;
    `at` is the first open place of the day wished for, `nearest` are other days with one."""
    outcome = written.outcome
    plans = diet_plans()
    names = {plan["code"]: plan["name"] for plan in plans}
    diets = [
        {"name": names.get(row["code"]) or row["words"].get("en", {}).get("name", ""), "text": row["text"]}
        for row in outcome.get("diets", [])
    ]
    places = departments().filter(status=DepartmentStatus.ACTIVE).exclude(kind__in=sorted(TESTS))
    return {
        **_follow_up(written, doctor_id, now),
        "days": USUAL_DAYS,
        "referrals": outcome.get("referrals", []),
        "places": places.exclude(id=written.visit.department_id),
        "diets": diets,
        "plans": plans,
        "longest": LONGEST_WORDS,
        "longest_name": LONGEST_NAME,
    }


def _follow_up(written: Written, doctor_id: UUID, now: datetime) -> dict[str, Any]:
    facts = facility_facts(written.visit.facility_id)
    told = written.outcome.get("followUp")
    found: dict[str, Any] = {"tomorrow": facts.day_of(now) + timedelta(days=1)}
    if not told:
        return found
    on = date.fromisoformat(told["on"])
    noon = datetime.combine(on, time(12), ZoneInfo(facts.time_zone))
    near = nearest_free(doctor_id, BookingSource.FOLLOW_UP, noon, now)
    there = [slot for slot in near if slot.day == on and slot.department_id == written.visit.department_id]
    others = sorted({slot.day for slot in near if slot.day != on})
    return found | {"follow_up": on, "at": bool(there), "nearest": [] if there else others}
