"""The matrix fails when something is left out: each of these takes one guard away and sees it noticed."""

from typing import Any

import pytest
from django_scopes import scopes_disabled

from apps.accounts.models import FailedTries
from apps.accounts.rules.tries import TriesKind
from apps.core.api import DeclaredPolicy
from apps.core.policy import SIGNED_IN, Actor
from apps.encounters.api import OwnVisit
from apps.patients import queries
from apps.patients.api.registry import Patients
from apps.patients.models import Patient
from tests.matrix.cells import ask_everybody
from tests.matrix.table import TABLE
from tests.matrix.world import World, kept_back

pytestmark = pytest.mark.django_db

ROWS = {row.asks.replace("api/v1/", ""): row for row in reversed(TABLE)}


def seen(world: World, asks: str) -> str:
    """What the matrix says of the first row that asks this."""
    return "\n".join(ask_everybody(world, ROWS[asks]))


def test_an_endpoint_without_its_policy_is_seen(world: World, monkeypatch: Any):
    monkeypatch.setattr(Patients, "policy", SIGNED_IN)
    monkeypatch.setattr(Actor, "sees", lambda self, group, scope=None: True)  # a second guard of its own
    found = seen(world, "GET patients")
    assert "as patient about here: was not refused" in found
    assert "as patient about here: is shown name of there" in found


def test_a_queryset_without_its_scope_is_seen(world: World, monkeypatch: Any):
    def unscoped(patient_id: Any) -> Patient:
        with scopes_disabled():
            return Patient.objects.get(id=patient_id)

    monkeypatch.setattr(queries, "get", unscoped)
    found = seen(world, "GET patients/<uuid:patient_id>")
    assert "as doctor about away: was not refused" in found
    assert "as admin about away: is shown phone of away" in found


def test_a_department_that_is_not_asked_for_is_seen(world: World, monkeypatch: Any):
    monkeypatch.setattr(Actor, "serves", lambda self, scope: scope.facility_id == self.facility_id)
    assert "as doctor about there: was not refused" in seen(world, "GET visits/<uuid:visit_id>")


def test_a_visit_that_is_not_compared_with_the_holders_is_seen(world: World, monkeypatch: Any):
    get = OwnVisit.get

    def of_anybody(self: OwnVisit, request: Any, visit_id: Any) -> Any:
        request._request.actor = Actor(
            **{f: getattr(self.actor, f) for f in Actor.__slots__} | {"subject_id": visit_id}
        )
        return get(self, request, visit_id)

    monkeypatch.setattr(OwnVisit, "get", of_anybody)
    assert "as other patient about here: was not refused" in seen(world, "GET patient/visits/<uuid:visit_id>")


def test_a_refusal_that_writes_is_seen_even_when_it_is_rolled_back(world: World, monkeypatch: Any):
    may = DeclaredPolicy.has_permission

    def careless(self: DeclaredPolicy, request: Any, view: Any) -> bool:
        with kept_back():
            FailedTries.objects.create(kind=TriesKind.STAFF_SIGN_IN, key="x", since=view.now)
        return may(self, request, view)

    monkeypatch.setattr(DeclaredPolicy, "has_permission", careless)
    assert "was refused, but wrote to accounts_failedtries" in seen(world, "GET audit")
