from datetime import timedelta
from uuid import UUID

import pytest
from django.test import RequestFactory

from apps.audit.api import AuditTrail
from apps.audit.models import AuditEntry
from apps.core.policy import Actor, ActorType, Role
from tests.core.mechanism import FACILITY, NOW, moved

ADMIN = Actor(ActorType.STAFF, UUID(int=1), "Admin", FACILITY, role=Role.ADMIN)
MEERA = Actor(ActorType.STAFF, UUID(int=2), "Meera", FACILITY, role=Role.RECEPTION)


def ask(actor: Actor | None, **query: str):
    request = RequestFactory().get("/api/v1/audit", query)
    request.actor = actor
    answer = AuditTrail.as_view()(request)
    answer.render()
    return answer


@pytest.mark.django_db
def test_an_admin_reads_the_trail_of_one_record():
    moved(times=3)
    entity = AuditEntry.trail.order_by("number")[1].entity_id
    answer = ask(ADMIN, entityType="thing", entityId=entity)
    assert (answer.status_code, answer.data["count"]) == (200, 1)
    row = answer.data["results"][0]
    assert (row["action"], row["entityId"], row["after"]) == ("moved", entity, {"step": 1})
    assert row["actor"] == {"type": "system", "id": None, "role": None, "via": "test"}


@pytest.mark.django_db
def test_reading_the_trail_is_in_the_trail():
    ask(ADMIN, entityType="patient", entityId="5")
    entry = AuditEntry.trail.get()
    assert (entry.action, entry.entity_type, entry.entity_id, entry.actor_id) == (
        "audit.opened", "audit", "patient:5", ADMIN.id,
    )  # fmt: skip


@pytest.mark.django_db
def test_another_facilitys_trail_is_not_shown():
    moved()
    other = Actor(ActorType.STAFF, UUID(int=3), "Other", UUID(int=99), role=Role.ADMIN)
    assert ask(other).data["count"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"from": "2026-11-21T05:30:00Z"}, 1),
        ({"from": "2026-11-21T11:00:00.000001+05:30"}, 0),
        ({"to": "2026-11-21T05:29:59Z"}, 0),
        ({"from": "2026-11-21", "to": "2026-11-21"}, 1),
        ({"from": "2026-11-22"}, 0),
        ({"to": "2026-11-20"}, 0),
    ],
)
def test_the_trail_is_cut_to_a_time(query, found):
    moved()
    assert ask(ADMIN, **query).data["count"] == found


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "2026-02-30T10:00:00Z", "9999-12-31", "1e400", " "])
def test_a_time_that_is_none_is_refused(wrong):
    answer = ask(ADMIN, to=wrong)
    assert answer.status_code == 400
    assert "to" in answer.data["errors"]


@pytest.mark.django_db
def test_pages_are_of_at_most_a_hundred():
    moved(times=120)
    assert len(ask(ADMIN, pageSize="1000").data["results"]) == 100


@pytest.mark.django_db
@pytest.mark.parametrize(("actor", "status"), [(None, 401), (MEERA, 403), (ADMIN, 200)])
def test_only_those_who_may_read_it(actor, status):
    assert ask(actor).status_code == status


@pytest.mark.django_db
def test_newest_comes_first():
    moved()
    AuditEntry.trail.create(
        at=NOW + timedelta(hours=1),
        facility_id=FACILITY,
        actor_type="staff",
        action="x",
        entity_type="t",
        entity_id="1",
    )
    assert [row["action"] for row in ask(ADMIN).data["results"]] == ["x", "moved"]
