"""One visit, and whatever can be asked about it, one request after the other and by different people."""

from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given

from apps.audit.commands import seal
from apps.core.relay import Relay
from apps.queue.models import Visit
from apps.queue.queries.visits import allowed_actions
from apps.queue.rules.states import State
from opd.invariants import Look, check
from opd.subscriptions import handlers_for
from tests.fuzz.feeding import Feeder
from tests.fuzz.hospital import Hospital, asker
from tests.fuzz.judging import judge, so_many
from tests.fuzz.tally import Tally
from tests.proving import PROVE

pytestmark = pytest.mark.timeout(7200)

SEQUENCES = 2_000 if PROVE else 20
LENGTHS = range(3, 10)
KINDS = 40 if PROVE else 8
"""Made-up requests of each operation, taken up again and again for other visits."""

LIKELY = 0.7
"""How often somebody asks for what the state of the visit allows."""

ENDING = 0.2
"""How often they mean it when that would be the end of it."""


def test_no_sequence_of_requests_breaks_a_visit(hospital: Hospital, operations: list[Any]):
    cases = {o.label: made_up(o) for o in operations if "visit" in o.path or "/queue/" in o.path}
    askers, tally = [asker(name, hospital) for name in ("admin", "receptionist", "doctor", "doctor")], Tally()
    for number in range(SEQUENCES):
        luck = Random(None if PROVE else number)
        visit_id = hospital.stand(State.WAITING, hospital.ward.doctor).id
        for _ in range(luck.choice(LENGTHS)):
            case = luck.choice(cases[next_step(luck, cases, visit_id, hospital)]).derive()
            who = luck.choice(askers)
            feeder = Feeder(who, luck, about=visit_id)
            feeder.feed(case)
            judge(case, who, tally, feeder.headers())
    print(f"{SEQUENCES} sequences: {tally}")  # noqa: T201
    assert not tally.faults, "\n\n".join(tally.faults)
    assert tally.done >= 0.3, str(tally)
    Relay(handlers_for).run_once()
    seal(timezone.now())
    broken = [f for f in check(Look([hospital.ward.facility.id], timezone.now())) if not f.holds]
    assert broken == []


def made_up(operation: Any) -> list[Any]:
    """Requests of one operation as the document has them."""
    found: list[Any] = []

    @given(operation.as_strategy())
    @so_many(KINDS)
    def keep(case: Any) -> None:
        found.append(case)

    keep()
    return found


def next_step(luck: Random, labels: Any, visit_id: UUID, hospital: Hospital) -> str:
    """What is asked next: something that the visit's state allows, or anything."""
    with hospital.open():
        actions = allowed_actions(Visit.objects.get(id=visit_id))
    meant = [a for a in actions if a not in ("cancel", "no-show") or luck.random() < ENDING]
    allowed = [f"POST /api/v1/doctor/visits/{{visit_id}}/{action}" for action in meant]
    return luck.choice(allowed if allowed and luck.random() < LIKELY else sorted(labels))
