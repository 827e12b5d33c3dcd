"""What the desk is told of at once: a kiosk where somebody asks for a person, and who waits longer than was said."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.commands import command
from apps.core.errors import Forbidden
from apps.core.events import facility_stream
from apps.core.models import OutboxEvent
from apps.core.outbox import lock_streams
from apps.core.policy import Role, system_actor
from apps.core.relay import Relay
from apps.eta.models import Prediction
from apps.eta.queries import predicted_waits
from apps.notifications.models import Message
from apps.queue import commands
from apps.queue.commands.helping import AlreadyAnswered, DayOver
from apps.queue.models import Alert, HelpCall, Visit
from apps.queue.rules.alerts import waits_too_long
from apps.queue.tasks import end_days
from opd.subscriptions import handlers_for
from tests.browsers import browser_of
from tests.cast import bearer, meera
from tests.ward import Ward, open_ward

TODAY = "/admin/desk/today/"


@pytest.fixture
def open_now(db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        ward.keep_real_time()
        yield ward


def asked(ward: Ward, screen_id: Any = None, place: str = "Hall A") -> HelpCall:
    """Somebody presses *Call a helper*."""

    @command
    def press(*, actor: Any, now: Any) -> HelpCall:
        lock_streams(facility_stream(ward.facility.id))
        return commands.note_help(ward.facility.id, screen_id or uuid4(), place)

    return press(actor=ward.meera, now=ward.now)


def foretold(visit: Visit, minutes: float) -> None:
    """What was predicted when somebody came."""
    at, turn = visit.scanned_at, visit.scanned_at + timedelta(minutes=minutes)
    Prediction.objects.create(
        made_at=at, facility_id=visit.facility_id, department_id=visit.department_id, subject_id=visit.id,
        token_id=visit.token_id, stage="check_in", segment="walk_in", trigger="test", ahead=1, model_version="1",
        p10=turn, p50=turn, p80=turn, p90=turn, configured=turn,
    )  # fmt: skip


def watch(ward: Ward) -> int:
    actor = system_actor("queue watch", ward.facility.id)
    return commands.watch(actor=actor, now=ward.now, department_id=ward.department.id)


@pytest.mark.parametrize(
    ("waited", "predicted", "too_long"),
    [(41, 20, True), (40, 20, False), (20, 1, False), (21, 1, True), (300, 200, False)],
)
def test_one_persons_wait_is_too_long_beyond_twice_what_was_said_but_never_at_once(
    waited: int, predicted: int, too_long: bool
):
    assert waits_too_long(timedelta(minutes=waited), timedelta(minutes=predicted)) is too_long


@pytest.mark.django_db
def test_who_waits_twice_as_long_as_was_said_is_shown_to_the_desk_told_and_cleared_when_called(open_now: Ward):
    ward = open_now
    person = ward.register(name="Lakshmi Devi", phone="98765 43210")
    visit, other = ward.arrive(person), ward.arrive()
    foretold(visit, 15)
    foretold(other, 60)
    ward.later(minutes=30)
    watch(ward)
    assert not Alert.objects.filter(rule="long_wait").exists()
    ward.later(minutes=1)
    assert (watch(ward), watch(ward)) == (1, 0)
    raised = OutboxEvent.objects.get(type="alert.raised", payload__rule="long_wait")
    assert (raised.payload["subjectId"], raised.payload["level"]) == (str(visit.id), "WARNING")
    Relay(handlers_for).run_once()
    Relay(handlers_for).run_once()
    told = Message.objects.filter(kind="delay")
    assert [visit.token.label in message.text for message in told] == [True]
    page = browser_of(ward.meera).get(TODAY).content.decode()
    assert f"{visit.token.label} has waited more than twice as long as was said" in page
    assert f"/admin/desk/visits/{visit.id}/" in page
    assert ward.call_next().id == visit.id
    watch(ward)
    assert not Alert.objects.filter(subject_id=visit.id, cleared_at__isnull=True).exists()
    assert f"{visit.token.label} has waited" not in browser_of(ward.meera).get(TODAY).content.decode()


@pytest.mark.django_db
def test_what_was_said_months_ago_is_not_looked_for_in_every_month_there_is(ward: Ward):
    visit = ward.arrive()
    foretold(visit, 5)
    assert predicted_waits([visit.token_id], ward.now) == {visit.id: timedelta(minutes=5)}
    assert predicted_waits([visit.token_id], ward.now + timedelta(days=70)) == {}


@pytest.mark.django_db
def test_the_mean_of_those_called_lately_is_held_against_what_they_were_told(ward: Ward):
    for _ in range(3):
        foretold(ward.arrive(), 5)
    ward.later(minutes=12)
    ward.call_next()
    watch(ward)
    assert Alert.objects.filter(rule="long_waits", raised_at__isnull=False).exists()


@pytest.mark.django_db
def test_a_call_for_help_stands_on_the_desks_page_until_somebody_says_that_they_go(open_now: Ward):
    screen = uuid4()
    first, again = asked(open_now, screen), asked(open_now, screen)
    assert (first.id, again.times) == (again.id, 2)
    other = asked(open_now, place="Hall B")
    desk = browser_of(open_now.meera)
    page = desk.get(TODAY).content.decode()
    for shown in ("Hall A: somebody asks for a helper", "Pressed 2 times.", "Hall B: somebody"):
        assert shown in page
    assert desk.post(f"/admin/desk/help/{first.id}/", {"key": "a"}).url == TODAY
    page = desk.get(TODAY).content.decode()
    assert "Hall A: somebody" not in page
    assert "Hall B: somebody" in page
    entry = AuditEntry.objects.get(action="help.answered")
    assert (entry.actor_id, entry.after["place"], entry.after["times"]) == (open_now.meera.id, "Hall A", 2)
    assert OutboxEvent.objects.get(type="help.answered").stream == f"facility.{open_now.facility.id}"
    with pytest.raises(AlreadyAnswered):
        commands.answer_help(actor=open_now.nurse, now=open_now.now, help_id=first.id)
    assert asked(open_now, screen).id != first.id
    with pytest.raises(Forbidden):
        commands.answer_help(actor=open_now.rao, now=open_now.now, help_id=other.id)


@pytest.mark.django_db
def test_the_api_lists_what_the_desk_is_told_of_and_answers(ward: Ward, client: Client):
    call, visit = asked(ward), ward.arrive()
    foretold(visit, 5)
    ward.later(minutes=25)
    watch(ward)
    desk = bearer(meera(ward.facility))
    told = client.get("/api/v1/desk/notices", headers=desk).json()
    assert [(row["helpId"], row["place"], row["times"]) for row in told["helpCalls"]] == [(str(call.id), "Hall A", 1)]
    people = [row["visitId"] for row in told["alerts"] if row["rule"] == "long_wait"]
    assert people == [str(visit.id)]
    answer = f"/api/v1/desk/help/{call.id}/answer"
    assert client.post(answer, {}, "application/json", headers=desk).json()["helpId"] == str(call.id)
    assert client.post(answer, {}, "application/json", headers=desk).status_code == 409
    assert client.post(f"/api/v1/desk/help/{uuid4()}/answer", {}, "application/json", headers=desk).status_code == 404
    assert client.get("/api/v1/desk/notices", headers=desk).json()["helpCalls"] == []


@pytest.mark.django_db
def test_only_the_desk_answers(ward: Ward):
    assert browser_of(ward.as_role(Role.DOCTOR)).post(f"/admin/desk/help/{asked(ward).id}/").status_code in (302, 403)
    assert HelpCall.objects.filter(answered_at__isnull=True).count() == 1


@pytest.mark.django_db
def test_a_bad_day_does_not_push_the_list_away(open_now: Ward):
    visits = [open_now.arrive() for _ in range(5)]
    for visit in visits:
        foretold(visit, 5)
    open_now.later(minutes=25)
    watch(open_now)
    page = browser_of(open_now.meera).get(TODAY).content.decode()
    assert page.count("has waited more than twice as long as was said") == 2 * 3  # and once each for screen readers
    assert "and 2 more" in page


@pytest.mark.django_db
def test_calls_for_help_end_with_their_day_but_not_with_their_hour(ward: Ward):
    midnight = ward.now.replace(hour=18, minute=30)  # of the day in Kolkata
    ward.now = midnight - timedelta(hours=5)
    forgotten, screen = asked(ward), uuid4()
    ward.now = midnight - timedelta(minutes=10)
    just_now = asked(ward, screen)
    keeper: dict[str, Any] = {"actor": system_actor("day keeper", ward.facility.id)}
    assert commands.end_calls_for_help(now=midnight - timedelta(seconds=1), **keeper) == 0
    for ended in (1, 0):  # of two beats the second finds nothing
        assert commands.end_calls_for_help(now=midnight + timedelta(minutes=1), **keeper) == ended
    left = HelpCall.objects.filter(lapsed_at=None)
    assert left.get().id == just_now.id, "who asked ten minutes ago may still stand there"
    entry = AuditEntry.objects.get(action="help.lapsed")
    assert (entry.actor_type, entry.entity_id) == ("system", str(forgotten.id))
    assert OutboxEvent.objects.get(type="help.lapsed").stream == f"facility.{ward.facility.id}"
    with pytest.raises(DayOver):
        commands.answer_help(actor=ward.meera, now=ward.now, help_id=forgotten.id)
    assert commands.end_calls_for_help(now=midnight + timedelta(hours=2), **keeper) == 1
    assert asked(ward, screen).id != just_now.id, "the kiosk can ask anew"


@pytest.mark.django_db
def test_the_sweep_of_the_night_ends_them(ward: Ward):
    ward.keep_real_time()
    ward.now -= timedelta(days=2)
    call = asked(ward)
    end_days()
    assert HelpCall.objects.get(id=call.id).lapsed_at is not None
    with pytest.raises(Forbidden):
        commands.end_calls_for_help(actor=ward.meera, now=ward.now)


@pytest.mark.django_db
def test_who_presses_after_midnight_asks_anew_and_is_not_ended_with_the_day_before(ward: Ward):
    midnight, screen = ward.now.replace(hour=18, minute=30), uuid4()  # of the day in Kolkata
    ward.now = midnight - timedelta(minutes=25)
    before = asked(ward, screen)
    ward.now = midnight - timedelta(minutes=1)
    assert asked(ward, screen).id == before.id
    ward.now = midnight + timedelta(minutes=33)
    again = asked(ward, screen)
    assert (again.times, again.asked_at) == (1, ward.now)
    assert AuditEntry.objects.get(action="help.lapsed").entity_id == str(before.id)
    lapsed = OutboxEvent.objects.get(type="help.lapsed")
    assert (lapsed.stream, lapsed.entity_id) == (f"facility.{ward.facility.id}", before.id)
    keeper = system_actor("day keeper", ward.facility.id)
    assert commands.end_calls_for_help(actor=keeper, now=midnight + timedelta(hours=2)) == 0
    assert asked(ward, screen).times == 2, "it is still open, and counted"
