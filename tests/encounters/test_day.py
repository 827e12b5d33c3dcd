"""A doctor's day so far: whom they saw, and what became of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.queue import commands
from apps.queue.queries.seen import called_on, seen_rows
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with two departments, at this hour."""
    with open_ward(departments=2, doctors=2) as opened:
        opened.keep_real_time()
        yield opened


def rows_of(ward: Ward) -> list[dict[str, Any]]:
    today = ward.facility.day_of(ward.now)
    return seen_rows(list(called_on(ward.doctor.id, today)), ward.rao, ward.now)


def test_everybody_called_is_listed_the_last_first_with_what_became_of_them(ward: Ward):
    finished = ward.arrive(ward.register("Asha Devi"))
    sent = ward.arrive(ward.register("Ravi Kumar"))
    missing = ward.arrive(ward.register("Mohan Lal"))
    ward.arrive(ward.register("Not Called"))
    assert ward.call_next()
    ward.see(finished, minutes=7)
    assert ward.call_next()
    ward.start(sent)
    commands.transfer(
        actor=ward.rao,
        now=ward.later(minutes=2),
        visit_id=sent.id,
        department_id=ward.departments[1].id,
        reason="knee",
    )
    ward.later(seconds=5)
    assert ward.call_next()
    commands.no_show(actor=ward.rao, now=ward.now, visit_id=missing.id)
    rows = rows_of(ward)
    assert [(row["name"], row["label"], row["minutes"]) for row in rows] == [
        ("Mohan Lal", "Did not come", None),
        ("Ravi Kumar", "Sent on", 2),
        ("Asha Devi", "Finished", 7),
    ]
    assert [row["now_at"] for row in rows] == ["", f"{ward.departments[1].name}: Waiting", ""]


def test_the_page_is_of_the_own_console_and_shows_no_others(ward: Ward):
    other = add_doctor(ward, [ward.department])
    ward.arrive(ward.register("Asha Devi"))
    ward.call_next()
    page = browser_of(ward.rao).get(f"/console/{ward.doctor.id}/day/")
    assert "Asha Devi" in page.content.decode()
    assert "1 person was called." in page.content.decode()
    assert browser_of(ward.rao).get(f"/console/{other.id}/day/").status_code == 403
    assert (
        "Nobody was called today yet."
        in browser_of(ward.as_doctor(other)).get(f"/console/{other.id}/day/").content.decode()
    )


def test_the_day_costs_the_same_however_many_were_seen(ward: Ward, django_assert_num_queries: Any):
    for _ in range(5):
        visit = ward.arrive()
        ward.call_next()
        ward.see(visit)
    with django_assert_num_queries(2):
        rows_of(ward)
