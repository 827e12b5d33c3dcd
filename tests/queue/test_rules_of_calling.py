"""Rules of calling as versioned data, newcomers, doctors on a break, other doctors: commands and pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import system_actor
from apps.queue import commands
from apps.queue.commands.admitting import NoNewcomers
from apps.queue.commands.handing import SameDoctor
from apps.queue.commands.masters import NothingChanges, RulesChanged
from apps.queue.commands.moving import NotAllowed
from apps.queue.models import Alert
from apps.queue.queries.track import track_sequence, track_view
from apps.queue.queries.visits import position
from apps.scheduling.models import Doctor, PolicyVersion
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward


@pytest.fixture
def open_now(db: None) -> Iterator[Ward]:
    with open_ward(doctors=2) as ward:
        ward.keep_real_time()
        yield ward


def change(ward: Ward, **rules: int) -> None:
    commands.change_rules(
        actor=ward.admin, now=ward.now, department_id=ward.department.id, **{"reason": "Tried it", **rules}
    )


def test_changed_rules_are_a_new_version_with_who_and_why_and_the_old_one_is_kept(ward: Ward):
    change(ward, walk_in_penalty_minutes=15)
    change(ward, walk_in_penalty_minutes=10)
    kept = list(PolicyVersion.objects.order_by("version").values_list("version", "rules__walk_in_penalty_minutes"))
    assert kept == [(1, 0), (2, 15), (3, 10)]
    last = PolicyVersion.objects.get(version=3)
    assert (last.made_by, last.reason) == (ward.admin.id, "Tried it")
    assert AuditEntry.objects.filter(action="department.changed", reason="Tried it").count() == 2


def test_who_waits_keeps_the_place_they_were_told_of(ward: Ward):
    before = ward.arrive()
    change(ward, walk_in_penalty_minutes=30)
    after = ward.arrive()
    assert ward.fresh(before).arrival_key == before.arrival_key
    assert after.arrival_key - after.scanned_at == timedelta(minutes=30)
    assert (before.rules_version, after.rules_version) == (1, 2)


def test_rules_change_for_a_reason_by_the_administrator_against_what_they_saw(ward: Ward):
    with pytest.raises(Invalid):
        change(ward, walk_in_penalty_minutes=15, reason=" ")  # type: ignore[arg-type]
    with pytest.raises(NothingChanges):
        change(ward, walk_in_penalty_minutes=0)
    with pytest.raises(RulesChanged):
        change(ward, walk_in_penalty_minutes=15, expected_version=7)
    with pytest.raises(Forbidden):
        commands.change_rules(actor=ward.meera, now=ward.now, department_id=ward.department.id, reason="x")


def test_the_page_tries_rules_on_a_past_day_and_makes_them_those_of_today(open_now: Ward):
    open_now.now -= timedelta(days=1)
    for age in (30, 75):
        open_now.arrive(open_now.register(name=f"Person {age}", age=age))
    while called := open_now.call_next():
        open_now.see(called)
    office = browser_of(open_now.admin)
    path = f"/admin/desk/queues/{open_now.department.id}/rules/"
    shown = office.get(path)
    asked = {name: str(value) for name, value in shown.context["form"].initial.items() if value is not False}
    asked |= {"head_start_elderly": "0", "reason": "Tried it", "version": str(shown.context["version"])}
    tried = office.post(path, asked | {"try": "1"}).content.decode()
    assert "That day under these rules" in tried
    assert "With a head start" in tried
    assert not PolicyVersion.objects.exists()
    assert office.post(path, asked).status_code == 302
    assert PolicyVersion.objects.get(version=2).rules["head_start_elderly"] == 0
    assert "head start of elderly people: 25 → 0" in office.get(path).content.decode()
    assert office.post(path, asked).status_code == 409


def test_a_queue_closed_to_newcomers_takes_emergencies_and_opens_the_next_day(ward: Ward):
    commands.take_newcomers(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, takes_newcomers=False, reason="Full"
    )
    with pytest.raises(NoNewcomers):
        ward.arrive()
    assert ward.arrive(source="emergency").state == "URGENT"
    ward.later(days=1)
    assert ward.arrive().state == "WAITING"


def test_a_queue_is_closed_for_a_reason_and_opened_again(open_now: Ward):
    desk = browser_of(open_now.meera)
    base = f"/admin/desk/queues/{open_now.department.id}/"
    assert desk.post(f"{base}newcomers/close/", {"reason": ""}).status_code == 200
    assert desk.post(f"{base}newcomers/close/", {"reason": "Full"}).status_code == 302
    assert "Closed to newcomers today" in desk.get(base).content.decode()
    desk.post(f"{base}newcomers/open/", {})
    assert "Closed to newcomers today" not in desk.get(base).content.decode()


def test_a_break_has_a_reason_and_an_end_that_people_see(ward: Ward):
    visit = ward.arrive(doctor_id=ward.doctor.id)
    until = ward.now + timedelta(minutes=20)
    commands.set_availability(
        actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="PAUSED", reason="Tea", back_at=until
    )
    doctor = Doctor.objects.get(id=ward.doctor.id)
    assert (doctor.away_reason, doctor.back_at) == ("Tea", until)
    assert "09:20" in track_view(*track_sequence(visit.id), ward.now)["message"]
    assert OutboxEvent.objects.filter(type="DOCTOR_STATUS_CHANGED").exists()
    commands.set_availability(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="AVAILABLE")
    doctor.refresh_from_db()
    assert (doctor.away_reason, doctor.back_at) == ("", None)


def test_a_break_does_not_end_before_it_begins_nor_in_a_year_that_no_clock_shows(ward: Ward):
    for until in (ward.now, datetime(9999, 12, 31, 23, tzinfo=UTC)):
        with pytest.raises(Invalid):
            commands.set_availability(
                actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="PAUSED", back_at=until
            )


def test_a_doctor_who_leaves_in_the_middle_leaves_the_visit_to_another(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    visit = ward.arrive()
    ward.arrive()
    ward.start(ward.call_next())
    commands.set_availability(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="OFFLINE")
    assert ward.fresh(visit).state == "IN_CONSULTATION"
    commands.reassign(actor=ward.meera, now=ward.now, visit_id=visit.id, doctor_id=nair.id, reason="Called away")
    moved = ward.fresh(visit)
    assert (moved.state, moved.doctor_id, position(moved)) == ("WAITING", nair.id, 1)
    assert ward.call_next(nair).id == visit.id


def test_reassigning_needs_another_doctor_of_the_department_a_reason_and_an_open_visit(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    visit = ward.arrive(doctor_id=ward.doctor.id)
    how = {"actor": ward.meera, "now": ward.now, "visit_id": visit.id}
    with pytest.raises(SameDoctor):
        commands.reassign(**how, doctor_id=ward.doctor.id, reason="x")
    with pytest.raises(Invalid):
        commands.reassign(**how, doctor_id=nair.id, reason="")
    with pytest.raises(Forbidden):
        commands.reassign(**how | {"actor": ward.rao}, doctor_id=nair.id, reason="x")
    commands.cancel(actor=ward.meera, now=ward.now, visit_id=visit.id, reason="x")
    with pytest.raises(NotAllowed):
        commands.reassign(**how, doctor_id=nair.id, reason="x")


def test_an_emergency_is_two_clicks_from_the_list(open_now: Ward):
    open_now.arrive()
    visit = open_now.arrive()
    desk = browser_of(open_now.meera)
    link = f"/admin/desk/turns/{visit.id}/emergency/"
    assert link in desk.get("/admin/desk/today/").content.decode()
    assert 'value="Collapsed"' in desk.get(link).content.decode()
    assert desk.post(link, {"reason": "Collapsed", "version": "1"}).status_code == 302
    moved = open_now.fresh(visit)
    assert (moved.emergency, moved.ahead_reason, position(moved)) == (True, "Collapsed", 1)


def test_everybody_who_waits_is_told_from_the_desk(open_now: Ward):
    desk = browser_of(open_now.meera)
    path = f"/admin/desk/announce/{open_now.doctor.id}/"
    assert path in desk.get("/admin/desk/queues/").content.decode()
    asked = {"message": "Delayed by an operation", "priority": "high", "estimated_delay": "30"}
    assert desk.post(path, asked).status_code == 302
    told = OutboxEvent.objects.get(type="queue.emergency")
    assert told.payload["message"] == "Delayed by an operation"


def test_whoever_has_the_link_says_late_and_back_on_the_page(open_now: Ward):
    arrived = commands.check_in(
        actor=open_now.meera, now=open_now.now, department_id=open_now.department.id,
        patient_id=open_now.register().id,
    )  # fmt: skip
    phone = browser_of(open_now.meera).__class__()
    path = f"/t/{arrived.tracking_code}/"
    assert "I am back" not in phone.get(path).content.decode()
    assert phone.post(f"{path}late/", {"minutes": "20"}).status_code == 302
    assert "I am back" in phone.get(path).content.decode()
    phone.post(f"{path}here/")
    assert open_now.fresh(arrived.visit).state == "WAITING"
    assert phone.post(f"{path}late/", {"minutes": "7"}).status_code == 400
    assert phone.post("/t/2222222222/here/").status_code == 404


def watch(ward: Ward) -> int:
    actor = system_actor("queue watch", ward.facility.id)
    return commands.watch(actor=actor, now=ward.now, department_id=ward.department.id)


def test_an_idle_doctor_is_told_of_after_ten_minutes_once_and_when_it_is_over(ward: Ward):
    ward.arrive()
    assert watch(ward) == 0
    ward.later(minutes=9)
    assert watch(ward) == 0
    ward.later(minutes=1)
    assert (watch(ward), watch(ward)) == (1, 0)
    raised = OutboxEvent.objects.get(type="alert.raised")
    assert (raised.payload["rule"], raised.payload["level"]) == ("idle_doctor", "INFO")
    ward.call_next()
    assert (watch(ward), watch(ward)) == (1, 0)
    assert OutboxEvent.objects.filter(type="alert.cleared").count() == 1
    assert Alert.objects.filter(cleared_at__isnull=True).count() == 0


def test_a_long_queue_is_told_of_after_a_quarter_of_an_hour(ward: Ward):
    for _ in range(51):
        ward.arrive()
    ward.call_next()
    watch(ward)
    ward.arrive()
    watch(ward)
    ward.later(minutes=15)
    assert watch(ward) == 1
    page = browser_of(ward.meera).get("/admin/desk/queues/").content.decode()
    assert "more than 50 people wait" in page


def test_what_nobody_was_told_of_ends_silently(ward: Ward):
    ward.arrive()
    watch(ward)
    ward.call_next()
    assert watch(ward) == 0
    assert not OutboxEvent.objects.filter(type__startswith="alert.").exists()
