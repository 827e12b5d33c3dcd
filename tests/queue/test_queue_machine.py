"""Whatever people do with a queue, in whatever order: nobody is lost, nobody is with two, the order is the rule's."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apps.audit.models import AuditEntry
from apps.core.errors import DomainError
from apps.core.models import OutboxEvent
from apps.core.policy import system_actor
from apps.encounters.commands import complete, undo
from apps.queue import commands
from apps.queue.models import Journey, Visit, VisitTransition
from apps.queue.rules.order import Tier
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, State, Verb
from opd.invariants import Look, check
from tests.fuzz.hospital import check_in_by_link
from tests.matrix.world import kept_back
from tests.proving import PROVE, play
from tests.queue.test_booking_machine import OF_THE_HOUSE
from tests.stations import Stations
from tests.ward import add_doctor, open_ward

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(7200)]

TOTAL: Counter[str] = Counter()
MUST = {"arrive", "call next", "start", "complete", "at a counter: call"}
SELDOM = {"hold", "undo", "reassign", "move", "say_late", "confirm", "transfer", "tests", "skip", "set out", "close"}
SELDOM |= {f"at a counter: {what}" for what in ("start", "finish", "missed", "resume")}
"""What must have happened, or the run was hollow."""

some = st.integers(0, 1_000)
MOVES = [str(verb) for verb in Verb] + ["undo", "check_in"]


class Hall(RuleBasedStateMachine):
    """Two departments, three doctors: one in each and one in both; a queue that pins after three overtakes. Stations
    beside them with a counter each, and a journey with two of them at once."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(kept_back())
        self.ward = ward = self.open.enter_context(open_ward(departments=2, doctors=2))
        add_doctor(ward, ward.departments)
        for place in ward.departments:
            place.policy.pin_after_overtakes = 3
            place.policy.save()
        self.stations = Stations(ward, "LAB", "XRA", "PHA")
        self.journey = self.stations.kind_of_visit(("",), ("LAB", "XRA"), ("PHA",)).id
        self.places = [*ward.departments, *(counter.department for counter in self.stations.counters.values())]
        self.arrived = 0
        self.before: dict[Any, dict[str, Any]] = {}
        self.done: Counter[str] = Counter()
        for number in range(8):
            self.arrive(number % 2, (30, 75)[number % 3 == 0], "", number % 4 == 1)

    def teardown(self) -> None:
        """Another hall begins empty."""
        self.open.close()
        TOTAL.update(self.done)

    def attempt(self, what: str, command: Callable[..., Any], actor: Any, **how: Any) -> Any:
        """Do it, or be told why not; remember how the visit stood before, for whoever takes it back."""
        visit_id = how.get("visit_id")
        before = self.values(visit_id) if visit_id else {}
        try:
            answer = command(actor=actor, now=self.ward.now, **how)
        except DomainError as refusal:
            self.done[f"{what}: {refusal.code}"] += 1
            return None
        self.done[what] += 1
        if visit_id:
            self.before[visit_id] = before | {"by": actor}
        return answer

    def values(self, visit_id: Any) -> dict[str, Any]:
        row = Visit.objects.get(id=visit_id)
        return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "version"}

    def one_of(self, states: Any, number: int) -> Visit | None:
        found = list(Visit.objects.filter(state__in=sorted(states)).order_by("scanned_at", "number", "department"))
        return found[number % len(found)] if found else None

    def doctor(self, number: int) -> Any:
        return self.ward.doctors[number % len(self.ward.doctors)]

    def hands(self, visit: Visit) -> Any:
        doctor = next((d for d in self.ward.doctors if d.id == visit.doctor_id), None)
        return self.ward.as_doctor(doctor) if doctor else self.ward.nurse

    @rule(
        people=st.lists(
            st.tuples(some, st.sampled_from([4, 30, 30, 75]), st.sampled_from(["", "", "chest pain"]), st.booleans()),
            min_size=2,
            max_size=4,
        )
    )
    def some_arrive(self, people: list[tuple[int, int, str, bool]]) -> None:
        for where, age, symptom, asks in people:
            self.arrive(where % 2, age, symptom, asks)

    @rule()
    def scan_a_printed_code(self) -> None:
        """Somebody whom the desk has to look at first."""
        self.attempt("arrive", lambda **_: check_in_by_link(self.ward, printed=True), self.ward.meera)

    def arrive(self, where: int, age: int, symptom: str, asks: bool) -> None:
        person = self.ward.register(name=f"Person {self.arrived}", age=age)
        self.attempt(
            "arrive",
            commands.check_in,
            self.ward.meera,
            department_id=self.ward.departments[where].id,
            patient_id=person.id,
            doctor_id=self.ward.doctors[where].id if asks else None,
            symptoms=[symptom] if symptom else [],
            journey_id=self.journey if self.arrived % 3 == 0 else None,
        )
        self.arrived += 1
        self.ward.later(seconds=20)

    @rule(who=some, times=st.integers(1, 4))
    def press_the_one_button(self, who: int, times: int) -> None:
        """Whatever comes next for a doctor: in, out, or the next; often several of them."""
        for _ in range(times):
            self.go_on(who)

    def go_on(self, who: int) -> None:
        doctor = self.doctor(who)
        active = Visit.objects.filter(doctor_id=doctor.id, state__in=sorted(ACTIVE)).first()
        if active is None:
            self.call_next(who)
        elif active.state == "CALLED":
            self.attempt("start", commands.start, self.ward.as_doctor(doctor), visit_id=active.id)
        else:
            self.ward.later(minutes=2)
            self.attempt("complete", complete, self.ward.as_doctor(doctor), visit_id=active.id)

    def call_next(self, who: int) -> None:
        doctor = self.doctor(who)
        places = list(doctor.departments.values_list("id", flat=True))
        waiting = Visit.objects.filter(department_id__in=places, state__in=sorted(QUEUED))
        seen = set(Visit.objects.filter(state__in=sorted(ACTIVE)).values_list("token_id", flat=True))
        there = [visit for visit in waiting if visit.doctor_id in (None, doctor.id) and visit.token_id not in seen]
        first = min(there, key=lambda v: (v.tier, v.arrival_key, v.number), default=None)
        before = {visit.id: self.values(visit.id) for visit in there}
        called = self.attempt("call next", commands.call_next, self.ward.as_doctor(doctor), doctor_id=doctor.id)
        if called:
            assert first is not None
            assert called.id == first.id, "the order is the rule's at the instant of the call"
            self.before[called.id] = before[called.id] | {"by": self.ward.as_doctor(doctor)}

    @rule(who=some, number=some)
    def call(self, who: int, number: int) -> None:
        if visit := self.one_of(QUEUED, number):
            doctor = self.doctor(who)
            actor = self.ward.as_doctor(doctor)
            self.attempt("call", commands.call, actor, visit_id=visit.id, doctor_id=doctor.id, reason="asked")

    @rule(number=some, what=st.sampled_from(["hold", "put_back", "no_show", "cancel", "recall", "triage_up"]))
    def move(self, number: int, what: str) -> None:
        if visit := self.one_of(OPEN, number):
            more = {"reason": "x"} if what in ("hold", "put_back", "cancel", "triage_up") else {}
            self.attempt(what, getattr(commands, what), self.hands(visit), visit_id=visit.id, **more)

    @rule(number=some, where=some, to=st.none() | some)
    def send_elsewhere(self, number: int, where: int, to: int | None) -> None:
        if visit := self.one_of(OPEN, number):
            place, doctor_id = self.places[where % len(self.places)].id, None if to is None else self.doctor(to).id
            how = {"visit_id": visit.id, "department_id": place, "doctor_id": doctor_id, "reason": "x"}
            self.attempt("transfer", commands.transfer, self.ward.meera, **how)

    @rule(who=some, number=some)
    def send_for_tests(self, who: int, number: int) -> None:
        if visit := self.one_of({State.IN_CONSULTATION}, who):
            places = [self.stations.department(code).id for code in ("LAB", "XRA")][: 1 + number % 2]
            how = {"visit_id": visit.id, "department_ids": places, "reason": "x"}
            self.attempt("tests", commands.send_for_tests, self.hands(visit), **how)

    @rule(number=some, skips=st.booleans())
    def change_the_way(self, number: int, skips: bool) -> None:
        if visit := self.one_of(OPEN, number):
            if skips:
                self.attempt("skip", commands.skip_station, self.ward.meera, visit_id=visit.id, reason="x")
            else:
                how = {"visit_id": visit.id, "journey_id": self.journey}
                self.attempt("set out", commands.start_journey, self.ward.meera, **how)

    @rule(number=some)
    def look_at_who_scanned(self, number: int) -> None:
        if visit := self.one_of({State.SCANNED}, number):
            self.attempt("confirm", commands.confirm, self.ward.meera, visit_id=visit.id)

    @rule(code=st.sampled_from(["LAB", "XRA", "PHA"]), comes=st.sampled_from([True, True, True, False]))
    def press_at_a_counter(self, code: str, comes: bool) -> None:
        """Whatever comes next there: in, out, back from aside, or the next."""
        counter, hands = self.stations.counters[code], self.stations.hands[code]
        here = Visit.objects.filter(department_id=counter.department_id)
        active, aside = here.filter(state__in=sorted(ACTIVE)).first(), here.filter(state=State.ON_HOLD).first()
        if active is None and aside and not comes:
            self.attempt("at a counter: resume", commands.resume_at_counter, hands, visit_id=aside.id)
        elif active is None:
            self.attempt("at a counter: call", commands.call_to_counter, hands, counter_id=counter.id)
        elif active.state == State.IN_CONSULTATION:
            self.attempt("at a counter: finish", commands.finish_at_counter, hands, visit_id=active.id)
        elif comes:
            self.attempt("at a counter: start", commands.start_at_counter, hands, visit_id=active.id)
        else:
            self.attempt("at a counter: missed", commands.missed_at_counter, hands, visit_id=active.id, reason="x")

    @rule(code=st.sampled_from(["LAB", "XRA", "PHA"]), status=st.sampled_from(["ACTIVE", "ACTIVE", "INACTIVE"]))
    def close_or_open(self, code: str, status: str) -> None:
        """A station closes while nobody waits there, or opens; its counter too."""
        place, counter = self.stations.department(code), self.stations.counters[code]
        how = {"department_id": place.id, "status": status}
        self.attempt("close" if status == "INACTIVE" else "open", commands.change_department, self.ward.admin, **how)
        at_work = "AVAILABLE" if status == "ACTIVE" else "OFFLINE"
        hands = self.stations.hands[code]
        self.attempt("counter", commands.open_counter, hands, counter_id=counter.id, status=at_work)

    @rule(number=some, what=st.sampled_from(["say_here", "say_late", "resume", "triage_down"]))
    def tell(self, number: int, what: str) -> None:
        if visit := self.one_of(OPEN, number):
            more = {"say_late": {"minutes": 5}, "triage_down": {"reason": "x"}}.get(what, {})
            self.attempt(what, getattr(commands, what), self.ward.nurse, visit_id=visit.id, **more)

    @rule(number=some, to=st.none() | some)
    def hand_on(self, number: int, to: int | None) -> None:
        if visit := self.one_of(OPEN, number):
            doctor_id = None if to is None else self.doctor(to).id
            how = {"visit_id": visit.id, "doctor_id": doctor_id, "reason": "gone"}
            self.attempt("reassign", commands.reassign, self.ward.meera, **how)
            self.before.pop(visit.id, None)

    @rule(number=some, place=st.integers(1, 6))
    def put_elsewhere(self, number: int, place: int) -> None:
        if visit := self.one_of(QUEUED, number):
            how = {"some_id": visit.token_id, "new_position": place, "reason": "x"}
            self.attempt("move", commands.move_in_queue, self.ward.meera, **how)
            self.before.clear()  # others may have given way by a moment

    @rule(number=some)
    def take_back(self, number: int) -> None:
        known = sorted(self.before, key=str)
        if known:
            visit_id = known[number % len(known)]
            remembered = self.before.pop(visit_id)
            if self.attempt("undo", undo, remembered.pop("by"), visit_id=visit_id):
                same = self.values(visit_id)
                changing = {"overtakes", "tier"}  # by others' calls since
                assert {k: v for k, v in same.items() if k not in changing} == {
                    k: v for k, v in remembered.items() if k not in changing
                }
                self.before.pop(visit_id, None)

    @rule(minutes=st.sampled_from([-5, 1, 3, 16]))
    def sweep(self, minutes: int) -> None:
        self.ward.later(minutes=minutes)
        actor = system_actor("sweeper", self.ward.facility.id)
        for place in self.places:
            for _twice in range(2):
                commands.sweep_aside(actor=actor, now=self.ward.now, department_id=place.id)
        self.done["sweep"] += 1

    @invariant()
    def what_must_hold_holds(self) -> None:
        for finding in check(Look([self.ward.facility.id], self.ward.now)):
            assert finding.holds or finding.name in OF_THE_HOUSE, f"{finding.name}: {finding.offender}"

    @invariant()
    def nobody_is_lost_or_doubled(self) -> None:
        assert Visit.objects.values("token_id").distinct().count() == self.done["arrive"]
        open_now = Visit.objects.filter(state__in=sorted(OPEN))
        assert open_now.count() == open_now.values("patient_id", "department_id").distinct().count()
        under_way = Journey.objects.filter(ended_at=None)
        assert not under_way.exclude(id__in=open_now.filter(journey__isnull=False).values("journey_id")).exists()
        at_once = Visit.objects.filter(state__in=sorted(ACTIVE))
        assert at_once.count() == at_once.values("token_id").distinct().count()

    @invariant()
    def every_move_is_told_once_everywhere(self) -> None:
        moves = VisitTransition.objects.values_list("visit_id", "verb", "version")
        told = OutboxEvent.objects.filter(type="visit.transitioned").values_list(
            "entity_id", "payload__verb", "entity_version"
        )
        kept = AuditEntry.objects.filter(action__in=[f"visit.{verb}" for verb in MOVES])
        audited = kept.values_list("entity_id", "action", "after__version")
        every = Counter((str(visit_id), verb, version) for visit_id, verb, version in moves)
        assert Counter((str(id_), verb, version) for id_, verb, version in told) == every
        assert Counter((str(id_), action.partition(".")[2], version) for id_, action, version in audited) == every

    @invariant()
    def nobody_is_overtaken_beyond_the_pin(self) -> None:
        over = Visit.objects.filter(state__in=sorted(QUEUED), tier=Tier.REST, overtakes__gt=3)
        assert not over.exists()


def test_whatever_is_done_nobody_is_lost_and_the_order_is_the_rules() -> None:
    if PROVE:
        play(Hall, TOTAL, MUST | SELDOM, examples=300, steps=60)
    else:
        play(Hall, TOTAL, MUST, examples=6, steps=30)
