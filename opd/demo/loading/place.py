"""The hospital itself: departments, rooms, counters, boards, and how people go through it."""

from apps.queue.commands import Usual, change_template
from apps.queue.queries.journeys import kinds_of_visit
from apps.scheduling.commands import create_department
from apps.scheduling.queries import counters, departments, rooms
from apps.scheduling.rules import Availability
from opd.demo.loading.hands import Loading, add_masters, model_of


def open_departments(loading: Loading) -> None:
    """The departments, each with the usual queue policy."""
    known = {department.code for department in departments()}
    for new in loading.hospital.departments:
        if new.code not in known:
            create_department(
                actor=loading.admin, now=loading.now, code=new.code, letter=new.letter, name=new.name, kind=new.kind
            )
    loading.departments = {department.code: department.id for department in departments()}


def furnish(loading: Loading) -> None:
    """The rooms."""
    known = {room.number for room in rooms()}
    make = model_of("scheduling.Room")
    loading.add(
        make(facility_id=loading.facility_id, number=room.number, symbol=room.symbol, hall=room.hall)
        for room in loading.hospital.rooms
        if room.number not in known
    )
    loading.rooms = {room.number: room.id for room in rooms()}


def set_up_counters(loading: Loading) -> None:
    """The counters, open from the start like the doctors."""
    known = {counter.name for counter in counters()}
    make = model_of("scheduling.Counter")
    opened = Availability.AVAILABLE if loading.hospital.doctors_at_work else Availability.OFFLINE
    loading.add(
        make(
            facility_id=loading.facility_id,
            name=new.name,
            department_id=loading.departments[new.department],
            room_id=loading.rooms[new.room],
            availability=opened,
        )
        for new in loading.hospital.counters
        if new.name not in known
    )


def write_kinds_of_visit(loading: Loading) -> None:
    """Through which stations each journey leads."""
    known = {row["name"] for row in kinds_of_visit()}
    for new in loading.hospital.kinds:
        if new.name not in known:
            stations = [
                (step, loading.departments[code] if code else None)
                for step, codes in enumerate(new.steps, start=1)
                for code in codes
            ]
            types = model_of("scheduling.VisitType")._default_manager.filter(name__in=new.usual_for)
            usual = Usual(visit_types=frozenset(types.values_list("id", flat=True)))
            change_template(actor=loading.admin, now=loading.now, name=new.name, stations=stations, usual_for=usual)


def ask_first(loading: Loading) -> None:
    """The departments that offer a freed place before it is somebody's."""
    policy = model_of("scheduling.AllocationPolicy")
    known = set(policy._default_manager.values_list("department_id", flat=True))
    wanted = {loading.departments[code] for code in loading.hospital.asks_first} - known
    loading.add(policy(facility_id=loading.facility_id, department_id=id_, asks_first=True) for id_ in sorted(wanted))


def write_triage_rules(loading: Loading) -> None:
    """What makes a visit urgent."""
    rule = model_of("queue.TriageRule")
    known = set(rule._default_manager.values_list("department_id", "phrase"))
    wanted = [
        (loading.departments[code] if code else None, phrase)
        for code, phrases in loading.hospital.triage.items()
        for phrase in phrases
    ]
    loading.add(
        rule(facility_id=loading.facility_id, department_id=department_id, phrase=phrase)
        for department_id, phrase in wanted
        if (department_id, phrase) not in known
    )


def hang_boards(loading: Loading) -> None:
    """The boards of the waiting halls."""
    board = model_of("display.Board")
    known = set(board._default_manager.values_list("slug", flat=True))
    for new in loading.hospital.boards:
        if new.slug not in known:
            row = board(facility_id=loading.facility_id, slug=new.slug, name=new.name, open_to_all=new.open_to_all)
            shown = [loading.departments[code] for code in new.departments]
            add_masters(actor=loading.admin, now=loading.now, rows=[row], departments=shown)
