"""The audit trail as a page for the administrator."""

from collections.abc import Iterator

import pytest

from apps.audit.models import AuditEntry
from tests.browsers import browser_of
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with Dr Rao, at this hour."""
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


def test_who_did_what_is_shown_newest_first_and_for_one_record(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    ward.call_next()
    admin = browser_of(ward.admin)
    page = admin.get("/admin/audit-trail/").content.decode()
    assert page.index("visit.call") < page.index("visit.check_in")
    one = admin.get("/admin/audit-trail/", {"entity_type": "visit", "entity_id": str(second.id)}).content.decode()
    assert str(second.id) in one
    assert str(first.id) not in one


def test_looking_at_the_trail_is_recorded_and_only_the_administrator_looks(ward: Ward):
    browser_of(ward.admin).get("/admin/audit-trail/", {"entity_type": "visit"})
    assert AuditEntry.objects.filter(action="audit.opened", entity_type="audit", actor_id=ward.admin.id).exists()
    assert browser_of(ward.meera).get("/admin/audit-trail/").status_code == 403


def test_the_way_there_is_shown_to_the_administrator_only(ward: Ward):
    assert "/admin/audit-trail/" in browser_of(ward.admin).get("/admin/").content.decode()
    assert "/admin/audit-trail/" not in browser_of(ward.meera).get("/admin/").content.decode()


@pytest.mark.parametrize(
    "path",
    ["scheduling/department/", "scheduling/room/", "scheduling/doctor/", "queue/triagerule/", "display/board/"],
)
def test_every_list_of_masters_opens_for_the_administrator_and_can_be_added_to(ward: Ward, path: str):
    admin = browser_of(ward.admin)
    assert admin.get(f"/admin/{path}").status_code == 200
    assert admin.get(f"/admin/{path}add/").status_code == 200
    assert browser_of(ward.meera).get(f"/admin/{path}add/").status_code == 403
