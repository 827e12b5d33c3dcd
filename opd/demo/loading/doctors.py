"""Who works there: accounts, doctors, their hours, what people come to them for and what it costs."""

from datetime import date

from apps.accounts.commands import hand_out_second_factor
from apps.accounts.queries import authenticator_of
from apps.core.policy import Role, system_actor
from apps.queue.commands import set_availability
from apps.scheduling.commands import make_slots, register_doctor
from apps.scheduling.queries import doctors
from apps.scheduling.rules import Availability
from opd.demo.loading.hands import VIA, Loading, model_of
from opd.demo.shapes import NewDoctor

SINCE = date(2000, 1, 1)
"""From when on the loaded prices hold."""


def employ(loading: Loading) -> None:
    """Accounts of everybody who serves all departments."""
    for person in loading.hospital.staff:
        staff_id = loading.account(person.account, person.name, person.role, all_departments=True)
        if person.secret and authenticator_of(staff_id) is None:
            hand_out_second_factor(
                actor=system_actor(VIA, loading.facility_id), now=loading.now, staff_id=staff_id, secret=person.secret
            )


def hire(loading: Loading, new: NewDoctor) -> None:
    """A doctor with an account and a room."""
    department_id = loading.departments[new.department]
    staff_id = loading.account(new.account, new.name, Role.DOCTOR, department_ids=[department_id])
    doctor = doctors().filter(staff_id=staff_id).first() or register_doctor(
        actor=loading.admin,
        now=loading.now,
        name=new.name,
        license_number=new.licence,
        department_ids=[department_id],
        staff_id=staff_id,
        room_id=loading.rooms[new.room],
        specialization=next(d.name for d in loading.hospital.departments if d.code == new.department),
        qualifications=new.qualifications,
        experience_years=new.experience_years,
        average_consultation_minutes=new.average,
        working_days=list(new.working_days),
    )
    if loading.hospital.doctors_at_work and doctor.availability == Availability.OFFLINE:
        set_availability(actor=loading.admin, now=loading.now, doctor_id=doctor.id, status=Availability.AVAILABLE)


def write_hours(loading: Loading) -> None:
    """When each doctor sees people, and the slots of the coming weeks."""
    hours, model = loading.hospital.hours, model_of("scheduling.SlotTemplate")
    if hours is None or model._default_manager.exists():
        return
    loading.add(
        model(
            facility_id=loading.facility_id,
            doctor_id=doctor.id,
            department_id=doctor.department_ids[0],
            weekday=weekday,
            starts=hours.starts,
            ends=hours.ends,
            capacity=hours.capacity,
            walk_in_percent=hours.walk_in_percent,
        )
        for doctor in doctors()
        for weekday in range(7)
    )
    actor = system_actor(VIA, loading.facility_id)
    make_slots(actor=actor, now=loading.now, facility_id=loading.facility_id, days=hours.days)


def name_visit_types(loading: Loading) -> None:
    """What people come for, and how long it takes."""
    kinds, own = model_of("scheduling.VisitType"), model_of("scheduling.OwnLength")
    if kinds._default_manager.exists():
        return
    by_account = {new.account: new for new in loading.hospital.doctors}
    for new in loading.hospital.visit_types:
        rows = [
            kinds(
                facility_id=loading.facility_id,
                department_id=loading.departments[code],
                name=new.name,
                minutes=new.minutes,
                by_patients=new.by_patients,
            )
            for code in new.departments
        ]
        loading.add(rows)
        of = dict(zip(new.departments, rows, strict=True))
        loading.add(
            own(doctor=loading.doctor(account), visit_type=of[by_account[account].department], minutes=minutes)
            for account, minutes in new.with_doctors.items()
        )


def set_prices(loading: Loading) -> None:
    """What visits cost, since long before anybody came."""
    price, types = model_of("billing.Price"), model_of("scheduling.VisitType")._default_manager
    if price._default_manager.exists():
        return
    loading.add(
        price(
            facility_id=loading.facility_id,
            department_id=loading.departments[new.department],
            doctor=loading.doctor(new.account) if new.account else None,
            visit_type=types.filter(department_id=loading.departments[new.department], name=new.visit_type).first()
            if new.visit_type
            else None,
            amount=new.amount,
            revisit_days=new.revisit_days,
            paid_priority=new.paid_priority,
            valid_from=SINCE,
        )
        for new in loading.hospital.prices
    )
