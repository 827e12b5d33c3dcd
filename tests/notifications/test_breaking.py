"""A provider that does not answer is left alone; the others, and the queue, are not held up."""

from datetime import timedelta

import pytest

from apps.notifications.channels import DeliveryFailed
from apps.notifications.commands import deliver_due
from apps.notifications.commands.breaking import FAILURES, REST, may_try, went_wrong
from apps.notifications.models import Breaker
from apps.notifications.postman import postmen
from apps.notifications.queries import resting_channels
from apps.notifications.rules import Channel, Kind
from tests.notifications.conftest import NOW, message, say
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db


def break_it() -> None:
    for _ in range(FAILURES):
        went_wrong(Channel.SMS, NOW)


def test_after_some_failures_in_a_row_nobody_asks_for_a_while(provider, clock):
    told = [say() for _ in range(FAILURES + 3)]
    provider.refusals = [DeliveryFailed("timeout")] * 100
    assert deliver_due(clock) == FAILURES
    assert resting_channels(clock()) == [Channel.SMS]
    assert [message(one).attempts for one in told[FAILURES:]] == [0, 0, 0]
    clock.later(REST.total_seconds() - 1)
    assert deliver_due(clock) == 0


def test_after_the_rest_one_message_is_tried_and_if_it_goes_all_go(provider, clock):
    break_it()
    told = [say() for _ in range(3)]
    clock.later(REST.total_seconds())
    provider.refusals = [DeliveryFailed("timeout")]
    assert deliver_due(clock) == 1
    clock.later(REST.total_seconds())
    assert deliver_due(clock) == 3
    assert {message(one).status for one in told} == {"sent"}
    assert (resting_channels(clock()), Breaker.objects.get().failures) == ([], 0)


def test_what_is_of_no_use_any_more_does_not_use_up_the_one_try_after_a_rest(provider, clock):
    break_it()
    late = [say(urgent=True, not_after=NOW + timedelta(seconds=5)) for _ in range(3)]
    fresh = say()
    clock.later(REST.total_seconds())
    deliver_due(clock)
    assert {message(one).error for one in late} == {"too_late"}
    assert (message(fresh).status, resting_channels(clock())) == ("sent", [])


def test_a_message_that_finds_the_provider_at_rest_has_not_spent_a_try(provider, clock):
    told = [say() for _ in range(2)]
    break_it()
    clock.later(REST.total_seconds())
    provider.refusals = [DeliveryFailed("timeout")]
    deliver_due(clock)
    assert sorted(message(one).attempts for one in told) == [0, 1]


def test_a_refusal_after_a_rest_shows_that_the_provider_answers(provider, clock):
    break_it()
    say()
    clock.later(REST.total_seconds())
    provider.refusals = [DeliveryFailed("http_400", final=True)]
    deliver_due(clock)
    assert resting_channels(clock()) == []


def test_one_push_service_that_is_away_does_not_stop_the_others():
    for _ in range(FAILURES):
        went_wrong(Channel.PUSH, NOW)
    assert may_try(Channel.PUSH, NOW)
    assert resting_channels(NOW) == []


def test_what_a_provider_refuses_for_good_is_no_failure_of_the_provider(provider, clock):
    for _ in range(FAILURES + 1):
        say()
    provider.refusals = [DeliveryFailed("http_400", final=True)] * (FAILURES + 1)
    assert deliver_due(clock) == FAILURES + 1
    assert resting_channels(clock()) == []


def test_one_channels_rest_is_not_anothers(provider, clock, settings):
    settings.CHANNEL_ADAPTERS |= {"email": settings.CHANNEL_ADAPTERS["sms"]}
    break_it()
    waits, goes = say(urgent=True), say(channel=Channel.EMAIL, kind=Kind.DELAY, recipient="asha@mail.example")
    assert deliver_due(clock) == 1
    assert (message(waits).status, message(goes).status) == ("waiting", "sent")


@pytest.mark.django_db(transaction=True)
def test_of_eight_senders_after_a_rest_one_asks():
    break_it()
    after = NOW + REST
    answers, errors = at_once(lambda _: may_try(Channel.SMS, after), 8, facility=None)
    assert (errors, sum(answers)) == ([], 1)


def test_nobody_gets_more_than_so_many_in_a_day_but_codes_come(provider, clock, settings):
    settings.MESSAGES_A_DAY = 2
    told = [say(kind=Kind.DELAY) for _ in range(3)]
    code, other = say(urgent=True), say(kind=Kind.DELAY, recipient="+919876543299")
    deliver_due(clock)
    dropped = [(message(one).status, message(one).error) for one in told if message(one).status != "sent"]
    assert dropped == [("dropped", "too_many")]
    assert (message(code).status, message(other).status) == ("sent", "sent")
    called = say(kind=Kind.CALLED, urgent=True)
    deliver_due(clock)
    assert message(called).status == "sent"
    later = say(NOW + timedelta(days=1, seconds=1), kind=Kind.DELAY)
    clock.later(24 * 3600 + 1)
    deliver_due(clock)
    assert message(later).status == "sent"


def test_a_sender_without_e_mails_leaves_them_to_the_others(provider, clock, settings):
    settings.CHANNEL_ADAPTERS |= {"email": settings.CHANNEL_ADAPTERS["sms"]}
    mail, turn = say(channel=Channel.EMAIL, recipient="asha@mail.example"), say(kind=Kind.CALLED, urgent=True)
    assert deliver_due(clock, without={Channel.EMAIL}) == 1
    assert (message(mail).status, message(turn).status) == ("waiting", "sent")
    assert [Channel.EMAIL in sender.without for sender in postmen()].count(True) == 1


def test_nobody_takes_an_e_mail_for_lost_while_its_server_is_slow(provider, clock, settings):
    settings.CHANNEL_ADAPTERS |= {"email": settings.CHANNEL_ADAPTERS["sms"]}
    mail = say(channel=Channel.EMAIL, kind=Kind.DELAY, recipient="asha@mail.example")

    def slow() -> None:
        clock.later(90)
        deliver_due(clock)

    provider.before = slow
    deliver_due(clock)
    assert (message(mail).status, len(provider.taken)) == ("sent", 1)
