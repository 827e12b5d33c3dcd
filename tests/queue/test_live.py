"""Which streams of the queue somebody may follow, and that none of them names a person to the wrong one."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from apps.accounts.queries import actor_of_tracking, tracking_code
from apps.core.errors import DomainError, Forbidden, NotFound, Unauthenticated
from apps.core.events import facility_stream
from apps.core.policy import Role
from apps.live.queries import admit, draw, guests
from apps.queue.models import Visit
from apps.queue.queries.lines import sequences_of
from tests.ward import Ward, open_ward


@pytest.fixture
def open_now(ward: Ward) -> Ward:
    """The hospital at this hour."""
    ward.keep_real_time()
    return ward


def text_of(picture: Any) -> str:
    """All that is sent of a view."""
    return json.dumps(picture.as_json(), cls=DjangoJSONEncoder, ensure_ascii=False)


def holder_of(visit: Visit) -> Any:
    """Whoever has the visit's slip."""
    return actor_of_tracking(tracking_code(visit.id, timezone.now()), timezone.now())


def own_stream(*visits: Visit) -> list[str]:
    """The streams that belong to the holders of these visits' slips, asked for all at once."""
    codes = [tracking_code(visit.id, timezone.now()) for visit in visits]
    found = guests(codes)
    assert [found[code].actor.subject_id for code in codes] == [visit.id for visit in visits]
    return [found[code].stream for code in codes]


def test_the_holder_of_a_slip_follows_the_own_department_and_no_other(db: None):
    with open_ward(departments=2) as two:
        two.keep_real_time()
        visit = two.arrive(two.register("Lakshmi Devi"))
        holder = holder_of(visit)
        assert own_stream(visit) == [f"dept.{two.department.id}"]
        assert "Lakshmi" not in text_of(draw(admit(holder, f"dept.{two.department.id}")))
        with pytest.raises(Forbidden):
            admit(holder, f"dept.{two.departments[1].id}")
        for view in ("staff", "doctor", "desk"):
            key = {"staff": two.department.id, "doctor": two.doctor.id, "desk": two.facility.id}[view]
            with pytest.raises(DomainError):
                admit(holder, f"{view}.{key}")


def test_however_many_come_by_a_link_they_are_found_by_the_same_questions(
    db: None, django_assert_num_queries: Any, django_assert_max_num_queries: Any
):
    with open_ward(departments=2) as two:
        two.keep_real_time()
        visits = [two.arrive(department=two.departments[number % 2]) for number in range(6)]
        codes = [tracking_code(visit.id, two.now) for visit in visits]
        wanted = [f"dept.{visit.department_id}" for visit in visits]
    with django_assert_num_queries(2):
        few = guests(codes[:2])
    with django_assert_num_queries(2):
        many = guests(codes)
    assert [few[code].stream for code in codes[:2]] == wanted[:2]
    assert [many[code].stream for code in codes] == wanted
    with django_assert_max_num_queries(1):
        assert guests(["abcdefgh", "x" * 90, ""]) == {}


def test_staff_follow_the_queues_they_serve_with_names_only_where_they_need_them(open_now: Ward):
    open_now.arrive(open_now.register("Lakshmi Devi"))
    open_now.call_next()
    for name in (f"dept.{open_now.department.id}", f"doctor.{open_now.doctor.id}", f"desk.{open_now.facility.id}"):
        assert "Lakshmi" not in text_of(draw(admit(open_now.meera, name)))
    assert "Lakshmi" in text_of(draw(admit(open_now.meera, f"staff.{open_now.department.id}")))


def test_nobody_in_particular_follows_nothing_of_the_queue(open_now: Ward):
    for name in (f"dept.{open_now.department.id}", f"staff.{open_now.department.id}", f"doctor.{open_now.doctor.id}"):
        with pytest.raises(Unauthenticated):
            admit(None, name)


def test_another_hospitals_staff_and_another_departments_are_turned_away(open_now: Ward):
    with open_ward() as elsewhere, pytest.raises(NotFound):
        admit(elsewhere.meera, f"staff.{open_now.department.id}")
    with open_ward(departments=2, doctors=2) as two:
        narrow = two.as_role(Role.NURSE, [two.department])
        admit(narrow, f"doctor.{two.doctors[0].id}")
        for name in (f"doctor.{two.doctors[1].id}", f"staff.{two.departments[1].id}"):
            with pytest.raises(Forbidden):
                admit(narrow, name)


@pytest.mark.parametrize("view", ["dept", "staff", "doctor"])
def test_a_stream_of_nothing_does_not_exist(open_now: Ward, view: str):
    with pytest.raises(NotFound):
        admit(open_now.meera, f"{view}.{uuid4()}")


def test_the_numbers_of_a_view_are_those_its_page_shows(open_now: Ward):
    open_now.arrive()
    page_numbers = sequences_of([open_now.department.id], facility_stream(open_now.facility.id))
    desk = draw(admit(open_now.meera, f"desk.{open_now.facility.id}"))
    assert " ".join(str(number) for number in desk.numbers.values()) == page_numbers
    assert desk.payload == {"waiting": {str(open_now.department.id): 1}}
