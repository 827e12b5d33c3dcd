"""Why somebody stands where they stand: the order of a queue with its reasons (requirements D4)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts, facility_facts, staff_names
from apps.core.languages import named
from apps.core.policy import Actor
from apps.patients.queries import brief
from apps.queue.models import Visit
from apps.queue.queries.rules import policy_of
from apps.queue.queries.shown import need, waited_minutes
from apps.queue.queries.visits import waiting_in
from apps.queue.rules.order import Basis, NeedsClass, Policy, Standing, Tier, places, standing
from apps.scheduling.queries import department_of, policy_versions

LISTED = 50
"""People on a page of the order."""


def queue_with_reasons(department_id: UUID, actor: Actor, now: datetime, number: Any = 1) -> dict[str, Any]:
    """`{rows[], page}` of a department: who waits, in the order of calling, each with why they stand there, a page of
    them at a time (`number`, as an address says it), in a few statements however many wait."""
    line = list(waiting_in(department_id).values_list("id", "doctor_id"))
    at = {visit_id: place for (visit_id, _), place in zip(line, places(doctor for _, doctor in line), strict=True)}
    page = Paginator(line, LISTED).get_page(number)
    people = waiting_in(department_id).select_related("token", "patient", "doctor")
    visits = list(people.defer("patient__phone", "patient__address").filter(id__in=[id_ for id_, _ in page]))
    rules = _rules(department_id)
    names = staff_names({visit.ahead_by for visit in visits if visit.ahead_by})
    rows = [
        _row(visit, at[visit.id], actor, now)
        | {"why": reasons(visit, rules, names, actor, facility_facts(visit.facility_id))}
        for visit in visits
    ]
    return {"rows": rows, "page": page}


def why(visit: Visit, actor: Actor) -> list[str]:
    """The reasons for one person's place, in sentences, the strictest first."""
    names = staff_names({visit.ahead_by}) if visit.ahead_by else {}
    return reasons(visit, _rules(visit.department_id), names, actor, facility_facts(visit.facility_id))


def _rules(department_id: UUID) -> dict[int, Policy]:
    """Every version of a department's rules that is known, as the order's rules."""
    policy = department_of(department_id).policy
    kept = {
        row.version: policy_of(SimpleNamespace(**row.rules, version=row.version))
        for row in policy_versions(department_id)
    }
    return {policy.version: policy_of(policy)} | kept


def _row(visit: Visit, place: int, actor: Actor, now: datetime) -> dict[str, Any]:
    person = brief(visit.patient, now, actor)
    return {
        "visit_id": visit.id,
        "token": visit.token.label,
        "name": person["name"],
        "age_sex": person["age_sex"],
        "doctor": named(visit.doctor) if visit.doctor else gettext("any doctor"),
        "place": place,
        "waited_minutes": waited_minutes(visit, now),
        "overtakes": visit.overtakes,
    }


def reasons(
    visit: Visit, rules: dict[int, Policy], names: dict[UUID, str], actor: Actor, facility: FacilityFacts
) -> list[str]:
    """Why a visit stands where it stands. The sums are made anew from what was kept, so that they are right or show
    that somebody was moved by hand."""
    policy = rules.get(visit.rules_version) or next(iter(rules.values()))
    found = standing(
        policy,
        arrived_at=visit.scanned_at,
        appointment_at=visit.booked_for,
        needs=NeedsClass(visit.needs),
    )
    told = [_tier(visit, names), _by_hand(visit, names), *_sum(found, visit, actor, facility)]
    return [sentence for sentence in told if sentence]


def _tier(visit: Visit, names: dict[UUID, str]) -> str:
    if visit.tier > Tier.URGENT:
        if visit.tier == Tier.PINNED:
            return ngettext(
                "Pinned: was overtaken %(times)d time, and is next behind the urgent.",
                "Pinned: was overtaken %(times)d times, and is next behind the urgent.",
                visit.overtakes,
            ) % {"times": visit.overtakes}
        return ""
    who = names.get(visit.ahead_by, "") if visit.ahead_by else ""
    label = gettext("Emergency: before everybody else") if visit.emergency else gettext("Urgent: before all in turn")
    by = gettext("by %(name)s") % {"name": who} if who else gettext("by what they said at check-in")
    return ", ".join(part for part in (label, by, visit.ahead_reason) if part) + "."


def _by_hand(visit: Visit, names: dict[UUID, str]) -> str:
    if not visit.moved:
        return ""
    who = names.get(visit.ahead_by, "") if visit.ahead_by else ""
    return gettext("Moved by hand by %(name)s: %(reason)s") % {"name": who or "?", "reason": visit.ahead_reason}


def _sum(found: Standing, visit: Visit, actor: Actor, facility: FacilityFacts) -> Iterable[str]:
    """What the place counts from, and what was added or taken off."""
    at = facility.clock(found.counts_from)
    if found.basis is Basis.APPOINTMENT:
        yield gettext("Booked for %(time)s and here in time: counts from %(time)s.") % {"time": at}
    elif found.basis is Basis.CAME_LATE:
        yield gettext("Came later than booked, at %(time)s.") % {"time": at}
    else:
        yield gettext("Came at %(time)s without a booking.") % {"time": at}
    if found.penalty:
        yield gettext("%(minutes)d min are added.") % {"minutes": found.penalty // timedelta(minutes=1)}
    if found.head_start:
        label = need(visit, actor) or gettext("Special need")
        yield gettext("%(need)s: %(minutes)d min head start.") % {
            "need": label,
            "minutes": found.head_start // timedelta(minutes=1),
        }
    if found.key != visit.arrival_key and not visit.moved:
        yield gettext("On the way through several stations: counts from the first arrival.")
    yield gettext("Place in the order: %(time)s.") % {"time": facility.clock(visit.arrival_key)}
