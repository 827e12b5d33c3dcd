"""Mass assignment: a body with every column that there is writes what one without them writes, and no more.

Each writing operation of the API is sent twice, from the same state: right as it is, and with the name of every
column of every table beside what is documented. Both leave the same rows, or the second one is refused.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.db.models import Value

from apps.core.api import Endpoint
from apps.core.crypto import EncryptedTextField
from apps.patients.api.registry import Patients
from apps.patients.models import Patient
from tests.fuzz.hospital import ASKERS, Hospital, asker, open_hospital
from tests.fuzz.routes import Route, all_routes
from tests.matrix.world import writes

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
NEW_EACH_TIME = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[^\"]+|L-\S+|\"\w*[sS]econds\": \d+"
)
SECRET = {
    "secret_hash",
    "code_hash",
    "trace_id",
    "fingerprint",
    "answer",
    "device_hash",
    "password",
    "number",
    "arrival_key",
    "actual_wait_seconds",
}
"""Columns with a secret, a hash or a clock in them, which differ between two equal requests."""


NOTED = ("AuditEntry", "Unsealed", "FailedTries", "Allowance")
"""Where a refusal itself is noted."""

CARRIED_OUT = 30
"""Operations that this hospital has all for; the others (a code that was sent, a booking) are refused both times."""


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def smuggled(field: Any) -> Any:
    """A value that would be kept if somebody took it: never what the column usually has."""
    if field.choices:
        return list(field.choices)[-1][0]
    if isinstance(field, models.BooleanField):
        return not field.get_default()
    if isinstance(field, models.IntegerField | models.DecimalField):
        return 77
    if isinstance(field, models.DateTimeField):
        return "1901-02-03T04:05:06Z"
    if isinstance(field, models.DateField):
        return "1901-02-03"
    if isinstance(field, models.UUIDField | models.ForeignKey):
        return "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"
    return "smuggled"


def everything() -> dict[str, Any]:
    """Every column by the names that a careless serializer would take it by."""
    found: dict[str, Any] = {"is_staff": True, "isStaff": True, "is_superuser": True, "isSuperuser": True}
    for model in OURS:
        for field in model._meta.concrete_fields:
            for name in (field.name, field.attname, camel(field.name), camel(field.attname)):
                found.setdefault(name, smuggled(field))
    return found


def rows(tables: set[str]) -> Counter[str]:
    """Every row of these tables, without what is new each time."""
    models = [model for model in OURS if model._meta.db_table in tables]
    return Counter(f"{model.__name__} {told}" for model in models for told in told_rows(model))


def told_rows(model: type[models.Model]) -> Iterator[str]:
    compared = [
        field.attname
        for field in model._meta.concrete_fields
        if field.name not in SECRET
        and not isinstance(field, models.UUIDField | models.DateTimeField | models.AutoField | EncryptedTextField)
        and not (isinstance(field, models.ForeignKey) and field.target_field.get_internal_type() == "UUIDField")
    ]
    for values in model._base_manager.values_list(*compared or [Value("a row")]):
        yield NEW_EACH_TIME.sub("*", json.dumps(values, default=str, sort_keys=True, ensure_ascii=False))


def changed_by(route: Route, path: dict[str, str], body: dict[str, Any]) -> tuple[int, Counter[str]]:
    """The status of an answer, and the rows that the request added or altered; then it is undone."""
    route.asker.headers()
    start, written = transaction.savepoint(), writes(audit=True)
    answer = route.send(path, json.dumps(body).encode())
    touched = {table for table, times in writes(audit=True).items() if times != written[table]}
    after = rows(touched)
    transaction.savepoint_rollback(start)
    before = rows(touched)
    return answer.status_code, (after - before) + (before - after)


@pytest.fixture
def hospital(db: None) -> Iterator[Hospital]:
    with open_hospital() as opened:
        yield opened


def wrong(route: Route) -> tuple[list[str], bool]:
    """What a body with everything in it changed beside what the right one does, and whether that was carried out."""
    path, body = route.right()
    documented = set(route.schema.get("properties", {})) | {"idempotencyKey"}
    extra = {name: value for name, value in everything().items() if name not in documented}
    status, by_right = changed_by(route, path, body)
    status_again, changed = changed_by(route, path, body | extra)
    if 400 <= status_again < 500:
        mistakes = [f"{route.label}: refused, but wrote {row}" for row in changed if not row.startswith(NOTED)]
    else:
        mistakes = [f"{route.label}: {row}" for row in (changed - by_right) + (by_right - changed)]
    if status_again >= 500:
        mistakes.append(f"{route.label}: {status_again}")
    return mistakes, status < 400


def test_no_operation_takes_a_column_that_it_does_not_document(hospital: Hospital) -> None:
    routes = all_routes({name: asker(name, hospital) for name in ASKERS})
    writing = [route for route in routes if route.method in ("POST", "PATCH")]
    found = {route.label: wrong(route) for route in writing}
    assert "\n".join(mistake for mistakes, _ in found.values() for mistake in mistakes) == ""
    assert sum(done for _, done in found.values()) >= CARRIED_OUT


def test_control_an_endpoint_that_takes_what_it_is_given_is_found(hospital: Hospital, monkeypatch: Any) -> None:
    kept = Endpoint.run

    def careless(self: Endpoint, *args: Any, **arguments: Any) -> Any:
        answer = kept(self, *args, **arguments)
        columns = {field.name for field in Patient._meta.concrete_fields} & {"version", "disabled"}
        taken = {name: self.request.data[name] for name in columns if name in self.request.data}
        Patient.objects.filter(id=answer.data["id"]).update(**taken)
        return answer

    monkeypatch.setattr(Patients, "run", careless)
    routes = all_routes({name: asker(name, hospital) for name in ASKERS})
    registering = next(route for route in routes if route.label == "POST /api/v1/patients")
    mistakes, _ = wrong(registering)
    assert any("Patient " in mistake for mistake in mistakes)
