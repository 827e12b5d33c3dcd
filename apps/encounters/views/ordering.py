"""Tests on the console: ordered by keyboard, sent for, taken back; and what came of those of this visit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext

from apps.core.errors import Invalid, NotFound, sentence
from apps.core.views import run_form, version_of
from apps.encounters.commands.ordering import order_investigations, take_back_order
from apps.encounters.commands.results import see_result
from apps.encounters.queries.investigations import (
    favourite_tests,
    marked,
    order_of,
    orders_of_visits,
    result_shown,
    results_of,
)
from apps.encounters.rules.investigations import LONGEST_QUESTION, OrderState
from apps.encounters.views.typing import typed, visit_of

LONGEST = 200
"""Characters of what is typed to name tests."""

REASON = sentence("Sent for tests")


def _named(request: HttpRequest) -> list[str]:
    """The tests that were typed, with commas between them, and the one whose button was pressed."""
    text = typed(request, "tests")
    if len(text) > LONGEST:
        raise Invalid({"tests": [sentence("Order at most 20 tests at once.")]})
    return [*text.split(","), *request.POST.getlist("favourite")]


def _order(request: HttpRequest, *, send: bool) -> str:
    ordered = run_form(
        request,
        order_investigations,
        lambda done: {"token": done[0].token.label},
        visit_id=visit_of(request),
        tests=_named(request),
        urgent=request.POST.get("urgent") == "yes",
        question=typed(request, "question"),
        send=send,
        reason=gettext(REASON),
        expected_version=version_of(request) if send else None,
    )
    return gettext("%(token)s is sent for tests and comes back by itself.") % ordered if send else ""


def _order_here(request: HttpRequest) -> UUID:
    """The order that a button stood beside, of the visit that it stood beside. Raises `NotFound`."""
    found = order_of(visit_of(request, "order"))
    if found.visit_id != visit_of(request):
        raise NotFound
    return found.id


def order(request: HttpRequest, doctor: Any) -> str:
    """Typed tests, or a usual one, more."""
    return _order(request, send=False)


def send(request: HttpRequest, doctor: Any) -> str:
    """The person goes for all tests that are still to be done, and for what is typed."""
    return _order(request, send=True)


def take_back(request: HttpRequest, doctor: Any) -> str:
    """A test is not wanted after all."""
    run_form(request, take_back_order, lambda _order: {}, order_id=_order_here(request))
    return ""


def seen(request: HttpRequest, doctor: Any) -> str:
    """The doctor has looked at a result."""
    version = version_of(request, "result_version")
    run_form(request, see_result, lambda _order: {}, order_id=_order_here(request), version=version)
    return ""


BUTTONS = {"test-add": order, "test-send": send, "test-back": take_back, "result-seen": seen}
"""By the last word of their addresses on the console."""


def marks(rows: list[dict[str, Any]], doctor_id: UUID) -> dict[str, int]:
    """Mark those of the list who have a result that the doctor has not looked at: `new` or `critical`; and of how
    many people there is something to look at."""
    found = marked(doctor_id)
    for row in rows:
        row["result"] = {None: "", False: "new", True: "critical"}[found.get(row["patient_id"])]
    return {"unseen": len(found), "unseen_critical": sum(found.values())}


def shown(visit_id: UUID, doctor_id: UUID, now: datetime) -> dict[str, Any]:
    """What the console shows: `{orders: [{order, open, mine, result}], to_send, favourites, longest_question}`,
    a result as `result_shown` has it."""
    orders = orders_of_visits([visit_id])
    results = results_of(orders)
    rows = [
        {
            "order": row,
            "open": row.state == OrderState.ORDERED,
            "mine": row.doctor_id == doctor_id,
            "result": result_shown(results[row.id]) if row.id in results else None,
        }
        for row in orders
    ]
    return {
        "orders": rows,
        "to_send": any(row["open"] for row in rows),
        "favourites": favourite_tests(doctor_id, now),
        "longest_question": LONGEST_QUESTION,
    }
