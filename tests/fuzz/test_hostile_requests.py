"""Hostile values in every field, parameter and header of the API: refused, or stored as they came."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import FailedTries
from apps.audit.models import AuditEntry
from apps.encounters.models import Prescription
from apps.patients.models import Patient
from apps.queue.models import Visit, VisitTransition
from tests.fuzz.hospital import ASKERS, Hospital, asker
from tests.fuzz.hostile import BODIES, NAMES, TEXTS, VALUES, seen
from tests.fuzz.judging import so_many
from tests.fuzz.routes import Route, Where, all_routes, with_value
from tests.fuzz.trying import Trier
from tests.proving import PROVE, dealt, some

pytestmark = pytest.mark.timeout(3600)

PARTS = 3 if PROVE else 1
LONGEST_LINE = 20_000
"""Characters of a path, query or header; servers let no longer ones through."""

Texts = dict[str, str]
HEADERS = ("Idempotency-Key", "Authorization", "X-Request-ID", "Accept-Language", "If-None-Match", "Content-Type")
MADE_UP = 100 if PROVE else 2
"""Texts that Hypothesis invents, for each field that takes text; the first of them is empty."""

NOT_BY_CHANCE = {
    "POST /api/v1/auth/otp/verify",
    "DELETE /api/v1/escalations/{booking_id}",
    "PATCH /api/v1/tokens/{booking_id}/check-in",
    "PATCH /api/v1/tokens/{booking_id}/status",
    "POST /api/v1/kiosk/check-in",
}
"""What no made-up request gets done: it takes a code that only a phone or a slip shows, a body that the document leaves
out, a place near the hospital, a status that just this booking may have."""

TEXT_FIELDS = {"name", "address", "reason", "symptoms", "prescriptionText", "specialization", "qualifications"}
"""Fields in which somebody writes what they like."""


@pytest.fixture
def routes(hospital: Hospital) -> list[Route]:
    """Every operation, each asked for by somebody who may."""
    return all_routes({name: asker(name, hospital) for name in ASKERS})


def test_without_a_hostile_value_every_request_is_carried_out(routes: list[Route], operations: list[Any]):
    trier = Trier(operations)
    for route in routes:
        path, body = prepare(trier, route)
        answer = trier.attempt(route.label, "right", partial(route.send, path, json.dumps(body).encode()))
        if answer.status_code >= 400 and route.label not in NOT_BY_CHANCE:
            trier.fault(route.label, f"{path} {body}", f"{answer.status_code} {answer.content[:300]!r}")
    trier.judge()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_hostile_value_in_a_body_breaks_anything(
    hospital: Hospital, routes: list[Route], operations: list[Any], part: int
):
    trier = Trier(operations)
    places = [(route, where) for route in routes for where in some(list(route.places()), 1)][part::PARTS]
    tried = list(dealt(places, list(VALUES), 1))
    for (route, where), names in tried:
        try_values(trier, hospital, route, where, {name: VALUES[name] for name in names})
    trier.judge()
    assert trier.tally.requests == sum(len(names) for _, names in tried) >= len(VALUES)


@pytest.mark.parametrize("part", range(PARTS))
def test_texts_that_nobody_thought_of_are_refused_or_kept(
    hospital: Hospital, routes: list[Route], operations: list[Any], part: int
):
    trier = Trier(operations)
    places = [(route, where) for route in routes for where in route.places() if where[0] in TEXT_FIELDS][part::PARTS]
    for route, where in places:
        invent(trier, hospital, route, where)
    trier.judge()


def invent(trier: Trier, hospital: Hospital, route: Route, where: Where) -> None:
    """Send texts that Hypothesis makes up, in one place."""

    @given(st.text(st.characters(exclude_categories=()), max_size=150))
    @so_many(MADE_UP)
    def send(text: str) -> None:
        try_values(trier, hospital, route, where, {repr(text): json.dumps(text)})

    send()


def test_no_hostile_value_in_an_address_or_header_breaks_anything(
    hospital: Hospital, routes: list[Route], operations: list[Any]
):
    trier = Trier(operations)
    texts = {what: text[:LONGEST_LINE] for what, text in (NAMES | TEXTS).items()}
    places = [(route, place) for route in routes for place in some(strange_places(route), 1)]
    for (route, (kind, name)), chosen in dealt(places, list(texts), 1):
        right = None
        for what in chosen:
            path, body = right or prepare(trier, route)
            more, query, headers = put(kind, name, texts[what])
            send = partial(route.send, path | more, json.dumps(body).encode(), query, **headers)
            answer = trier.attempt(route.label, f"{kind} {name}: {what}", send)
            right = (path, body) if answer.status_code >= 400 else None
    trier.judge()


def strange_places(route: Route) -> list[tuple[str, str]]:
    """Where beside the body something can be put: (kind of place, name)."""
    places = [("query", name) for name in (*route.parameters("query"), "nobody-reads-this")]
    return places + [("path", name) for name in route.parameters("path")] + [("header", name) for name in HEADERS]


def put(kind: str, name: str, text: str) -> tuple[Texts, Texts, Texts]:
    """What a text in one place adds to the path, the query and the headers of a request with a right body."""
    line = " ".join(text.encode(errors="replace").decode("latin-1").splitlines())
    return (
        {name: text} if kind == "path" else {},
        {name: text} if kind == "query" else {},
        {name: line} if kind == "header" else {},
    )


def test_no_hostile_body_breaks_anything(hospital: Hospital, routes: list[Route], operations: list[Any]):
    trier = Trier(operations)
    for route, chosen in dealt(routes, list(BODIES), 1):
        right = None
        for what in chosen:
            path, _ = right = right or prepare(trier, route)
            answer = trier.attempt(route.label, what, partial(route.send, path, BODIES[what]))
            right = right if answer.status_code >= 400 else None
    trier.judge()


def prepare(trier: Trier, route: Route) -> tuple[dict[str, str], dict[str, Any]]:
    """What is right for a route, with the hospital in the state that it needs."""
    FailedTries.objects.all().delete()
    route.asker.headers()
    right = route.right()
    trier.prepared()
    return right


def try_values(trier: Trier, hospital: Hospital, route: Route, where: Where, values: dict[str, str]) -> None:
    """Each of these values, as JSON, in one place of an otherwise right body."""
    right = None
    for what, value in values.items():
        path, body = right = right or prepare(trier, route)
        sent = with_value(body, where, value)
        what = f"{'.'.join(map(str, where))} = {what}"
        response = trier.attempt(route.label, what, partial(route.send, path, sent))
        if response.status_code < 400:
            require_kept(trier, hospital, route, where, what, value, response)
            right = None


def require_kept(
    trier: Trier, hospital: Hospital, route: Route, where: Where, what: str, value: str, response: Any
) -> None:
    """What was accepted must look as it came."""
    text = json.loads(value)
    if not isinstance(text, str) or where[0] not in TEXT_FIELDS:
        return
    with hospital.open():
        kept = stored(route, str(where[0]), response.json())
    if kept is not None and seen(kept) != seen(text):
        trier.fault(route.label, what, f"accepted, but kept as {kept[:100]!r}")


def stored(route: Route, field: str, answer: dict[str, Any]) -> str | None:
    """What the database has of a field after a request that was carried out; None where that is nowhere."""
    if field in ("specialization", "qualifications") or (field == "name" and "/patient" not in route.path):
        return str(answer[field])
    if field in ("name", "address"):
        about = Visit.objects.get(id=answer["visitId"]).patient_id if "visitId" in answer else answer["id"]
        return str(getattr(Patient.objects.get(id=about), field))
    if field == "reason" and route.action == "seen":
        return AuditEntry.objects.filter(action="result.seen", entity_id=answer["orderId"]).latest("at").reason
    if field == "reason" and "visitId" in answer and "version" in answer:
        if route.action == "call":  # why somebody was called out of turn is kept where they were
            return None
        moved = VisitTransition.objects.filter(visit_id=answer["visitId"], version=answer["version"]).first()
        return moved.reason or str(Visit.objects.get(id=moved.visit_id).ahead_reason) if moved else None
    if field == "symptoms":
        return next(iter(Visit.objects.get(id=answer["visitId"]).symptoms), "")
    if field == "prescriptionText":
        signed = Prescription.objects.filter(visit_id=answer["visitId"]).first()
        return signed.content if signed else ""
    return None
