"""Who stands at a counter, for requests to be about: the triage station, where a nurse works."""

from apps.queue import commands
from apps.queue.models import JourneyTemplate, Visit
from apps.queue.rules.states import ACTIVE, State
from tests.stations import Stations

NAME = "By triage"
AT = "TRI"
"""The station that a journey of the fuzzed hospital begins with; a consultation follows."""

CALLED, STANDS_THERE, AWAY = {"start", "missed", "recall"}, {"complete", "class"}, {"resume"}
"""What is done to somebody who is called to the counter, stands there, was not there."""


def under_way(stations: Stations) -> Visit:
    """Somebody new on a journey, who waits at its first station."""
    return stations.ward.arrive(journey_id=some_journey().id)


def some_journey() -> JourneyTemplate:
    """The journey of this hospital."""
    return JourneyTemplate.objects.get(name=NAME)


def at_counter(stations: Stations, action: str) -> Visit:
    """Somebody to whom this can be done at the counter."""
    ward, counter, nurse = stations.ward, stations.counters[AT], stations.hands[AT]
    commands.open_counter(actor=nurse, now=ward.now, counter_id=counter.id, status="AVAILABLE")
    for active in Visit.objects.filter(counter_id=counter.id, state__in=sorted(ACTIVE)):
        if active.state == State.CALLED:
            commands.start_at_counter(actor=nurse, now=ward.now, visit_id=active.id)
        commands.finish_at_counter(actor=nurse, now=ward.now, visit_id=active.id)
    waiting = under_way(stations)
    if action not in CALLED | STANDS_THERE | AWAY:
        return waiting
    called = stations.call(AT)
    assert called
    about = {"actor": nurse, "now": ward.now, "visit_id": called.id}
    if action in STANDS_THERE:
        return commands.start_at_counter(**about)
    return commands.missed_at_counter(**about, reason="Did not come") if action in AWAY else called
