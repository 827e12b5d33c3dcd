"""What pages show that depends on more than one visit: a bill's life, an empty house and a full day, a record, results,
stations and counters, and whoever stands at the kiosk. Each stage has a small hospital of its own and says who looks at
what in it: a browser, an address and, of a form, what is sent.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

from django.test import Client

from apps.accounts.queries import tracking_code
from apps.accounts.rules.credentials import ScreenUse
from apps.billing.models import DiscountLimit, Invoice, InvoiceLine
from apps.core.policy import Role
from apps.core.relay import Relay
from apps.encounters.commands import add_addendum, complete
from apps.encounters.commands.ordering import take_back_order
from apps.encounters.commands.results import see_result
from apps.encounters.commands.vitals import take_vitals
from apps.encounters.models import Order
from apps.encounters.rules.investigations import OrderState
from apps.eta.commands import choose_versions
from apps.patients.commands import break_glass, note_health_fact
from apps.patients.rules.health import FactKind
from apps.queue import commands
from apps.queue.models import Feedback, Visit
from apps.queue.rules.feedback import Face
from opd.subscriptions import handlers_for
from tests.billing.test_things import ordered, sold
from tests.billing.till import Till, price, till_of
from tests.browsers import browser_of
from tests.display.hall import closed_board, paired_screen
from tests.display.test_kiosk import booked
from tests.encounters.lab import Lab
from tests.matrix.world import kept_back
from tests.patients.codes import PHONE, phone_of
from tests.stations import Stations
from tests.ward import Ward

Looks = Iterator[tuple[Client, str, dict[str, str] | None]]
Stage = Callable[[Ward], Looks]


def at(browser: Client, *addresses: str) -> Looks:
    """Somebody looks at these, one after the other."""
    yield from ((browser, address, None) for address in addresses)


def _asks_for_approval(till: Till, bill: Invoice) -> None:
    DiscountLimit.objects.update_or_create(
        facility=till.ward.facility, role=till.cashier.role, defaults={"most_percent": 0}
    )
    till.discount(bill, amount="50.00")


def _not_priced(till: Till, bill: Invoice) -> None:
    InvoiceLine.objects.create(invoice=bill, description="X-ray", unit_price=None, total=0)


def _taken_back(till: Till, bill: Invoice) -> None:
    till.pay(till.issue(bill))
    Order.objects.update(state=OrderState.CANCELLED)


def _cancelled(till: Till, bill: Invoice) -> None:
    till.issue(bill)
    visit = Visit.objects.get(token_id=bill.token_id)
    commands.cancel(actor=till.ward.admin, now=till.ward.now, visit_id=visit.id, reason="went home")


BILLS: dict[str, Callable[[Till, Invoice], Any]] = {
    "draft": lambda till, bill: None,
    "not priced": _not_priced,
    "a discount waits": _asks_for_approval,
    "discounted": lambda till, bill: till.discount(bill, by=till.ward.admin, amount="50.00"),
    "free": lambda till, bill: till.discount(bill, by=till.ward.admin, percent="100"),
    "issued": lambda till, bill: till.issue(bill),
    "partly paid": lambda till, bill: till.pay(till.issue(bill), "100.00", method="upi", reference="UPI 1"),
    "paid": lambda till, bill: till.pay(till.issue(bill)),
    "partly given back": lambda till, bill: till.refund(till.pay(till.issue(bill)), "100.00"),
    "given back": lambda till, bill: till.refund(till.pay(till.issue(bill)), "750.00"),
    "ordered, then taken back": _taken_back,
    "issued, then cancelled": _cancelled,
}
"""How a bill of a visit and a blood test stands."""


def bills(ward: Ward) -> Looks:
    """The till, the bill, its paper, the day's book and what the patient sees of it, in each of `BILLS`."""
    price(ward)
    till, admin, cashier = till_of(ward), browser_of(ward.admin), browser_of(ward.as_role(Role.CASHIER))
    asha = ward.register(phone=PHONE)
    sold(till, "CBC", "250.00")
    for change in BILLS.values():
        with kept_back():
            visit = ward.arrive(asha)
            ordered(till, visit, "CBC")
            bill = till.draft(visit)
            change(till, bill)
            page = f"/admin/desk/invoices/{bill.id}/"
            yield from at(admin, page, "/admin/desk/till/", "/admin/desk/day-book/")
            yield from at(cashier, page)
            if Invoice.objects.exclude(number="").filter(id=bill.id).exists():
                yield from at(admin, f"{page}receipt/")
                yield from at(phone_of(ward.now), "/me/bills/", f"/me/bills/{bill.id}/")


def an_empty_house(ward: Ward) -> Looks:
    """Nothing has happened yet: statistics without a figure, lists without a row, a patient without a visit."""
    ward.register(phone=PHONE)
    rows = ("till", "day-book", "today", "queues", "fairness", "feedback", "journeys", "overbooking", "away")
    yield from at(browser_of(ward.admin), *(f"/admin/desk/{page}/" for page in rows))
    yield from at(browser_of(ward.admin), "/admin/desk/find/?q=nobody", "/admin/desk/till/?q=nobody")
    office = ("expected-times", "jobs", "messages/unsent", "devices", "emergency-access", "parked-events", "screens")
    yield from at(browser_of(ward.admin), *(f"/admin/{page}/" for page in office))
    yield from at(browser_of(ward.rao), "/results/", "/console/templates/")
    yield from at(browser_of(ward.as_role(Role.LAB)), "/counter/", "/results/here/")
    yield from at(phone_of(ward.now), "/me/", "/me/bills/", "/me/results/", "/me/prescriptions/", "/book/")


def a_full_day(ward: Ward) -> Looks:
    """Statistics: people went first, were seen sooner or later than they were told, and said how it was."""
    choose_versions(actor=ward.admin, now=ward.now, shown="1", beside="2")
    visits = [ward.arrive() for _ in range(6)]
    commands.triage_up(actor=ward.nurse, now=ward.now, visit_id=visits[-1].id, reason="collapsed", emergency=True)
    for face in Face:
        Relay(handlers_for).run_once()
        seen = ward.see(ward.call_next(), 14)
        Feedback.objects.create(
            facility=ward.facility, token_id=seen.token_id, department=ward.department, doctor=ward.doctor,
            day=seen.day, face=face, comment="It took time." * (face == Face.BAD), said_at=ward.now,
        )  # fmt: skip
    Relay(handlers_for).run_once()
    pages = ("desk/fairness/", "desk/fairness/?also=rules", "desk/feedback/", "desk/feedback/?only=words")
    yield from at(browser_of(ward.admin), *(f"/admin/{page}" for page in (*pages, "expected-times/", "desk/queues/")))


def a_record(ward: Ward) -> Looks:
    """A record: empty, with visits and what was noted, with a signed note that was added to, and opened whole."""
    asha = ward.register(name="Asha Devi")
    rao, nurse, record = browser_of(ward.rao), browser_of(ward.nurse), f"/record/{asha.id}/"
    yield from chain(at(rao, record), at(nurse, record))
    visit = ward.arrive(asha, symptoms=["cough"])
    note_health_fact(
        actor=ward.rao, now=ward.now, patient_id=asha.id, kind=FactKind.ALLERGY, what="Penicillin", severity="severe"
    )
    yield from at(nurse, f"/vitals/{visit.id}/")
    take_vitals(actor=ward.nurse, now=ward.now, visit_id=visit.id, pulse=Decimal(180), temperature=Decimal(41))
    yield from at(nurse, f"/vitals/{visit.id}/")
    ward.start(ward.call_next())
    yield from at(rao, f"/note/{visit.id}/", f"/console/{ward.doctor.id}/")
    complete(
        actor=ward.rao, now=ward.now, visit_id=visit.id, note={"assessment": "Cough", "plan": "Rest"},
        prescription_text="Paracetamol 500 mg",
    )  # fmt: skip
    yield from at(rao, f"/note/{visit.id}/", record)
    add_addendum(actor=ward.rao, now=ward.now, visit_id=visit.id, text="It was the new paint.")
    yield from at(rao, f"/note/{visit.id}/", f"/prescription/{visit.id}/")
    yield (rao, f"{record}open/", {"reason": "x", "key": "short"})
    break_glass(actor=ward.rao, now=ward.now, patient_id=asha.id, reason="Unconscious, by ambulance")
    yield from at(rao, record)


def results(ward: Ward) -> Looks:
    """A test: ordered, here, normal, dangerous, corrected, seen and taken back; by doctor, laboratory and patient."""
    lab = Lab(ward)
    visit = lab.called_in(name="Asha Devi", phone=PHONE)
    rao, hands = browser_of(ward.rao), browser_of(lab.hands["LAB"])
    asha = phone_of(ward.now)
    order, other = lab.order(visit, "ELEC", "CBC")

    def all_look() -> Looks:
        yield from at(rao, f"/results/{order.id}/", "/results/")
        yield from at(hands, f"/results/{order.id}/", "/results/here/")
        yield from at(asha, "/me/results/")

    yield from all_look()
    lab.report(order, values={"Sodium": 140, "Potassium": 4.2})
    yield from all_look()
    lab.report(order, values={"Sodium": 140, "Potassium": 6.9}, version=1, reason="Tubes were swapped")
    yield from chain(all_look(), at(rao, f"/console/{ward.doctor.id}/"))
    see_result(actor=ward.rao, now=ward.now, order_id=order.id, version=2)
    yield from all_look()
    take_back_order(actor=ward.rao, now=ward.now, order_id=other.id)
    yield from at(rao, f"/results/{other.id}/")


def stations(ward: Ward) -> Looks:
    """Journeys and counters: closed, having a break, open with nobody, somebody next, elsewhere, called, served."""
    house = Stations(ward)
    ways = house.kind_of_visit(("TRI",), ("",), ("LAB", "XRA"), ("",), ("CSH",))
    counters = {code: f"/counter/{counter.id}/" for code, counter in house.counters.items()}
    hands = {code: browser_of(actor) for code, actor in house.hands.items()}
    desk, pages = browser_of(ward.admin), ("/admin/desk/journeys/", f"/admin/desk/journeys/{ways.id}/")
    for status in ("OFFLINE", "PAUSED", "AVAILABLE"):
        house.close("TRI", status)
        yield from at(hands["TRI"], counters["TRI"])
    visit = ward.arrive(journey_id=ways.id, doctor_id=ward.doctor.id)
    yield from chain(at(hands["TRI"], counters["TRI"]), at(desk, *pages))
    house.close("TRI")
    yield from at(hands["TRI"], counters["TRI"])
    house.close("TRI", "AVAILABLE")
    called = house.call("TRI")
    assert called
    yield from at(hands["TRI"], counters["TRI"])
    commands.start_at_counter(actor=house.hands["TRI"], now=ward.now, visit_id=called.id)
    yield from at(hands["TRI"], counters["TRI"])
    commands.finish_at_counter(actor=house.hands["TRI"], now=ward.now, visit_id=called.id)
    ward.see(ward.call_next())
    house.call("LAB")
    yield from chain(at(hands["LAB"], counters["LAB"]), at(hands["XRA"], counters["XRA"]))
    yield from at(desk, *pages, f"/admin/desk/visits/{visit.id}/stations/")


def at_the_kiosk(ward: Ward) -> Looks:
    """The kiosk: a number that is none, nobody found, somebody, a family, checked in, here already, a helper called."""
    kiosk, _ = paired_screen(ward.admin, closed_board(ward), use=ScreenUse.KIOSK)
    yield (kiosk, "/kiosk/", None)
    yield (kiosk, "/kiosk/", {"phone": "12"})
    yield (kiosk, "/kiosk/", {"phone": "98765 00000"})
    row = booked(ward, phone="98765 41234")
    yield (kiosk, "/kiosk/", {"phone": "98765 41234"})
    booked(ward, "Ravi Kumar", phone="98765 41234")
    yield (kiosk, "/kiosk/", {"phone": "98765 41234"})
    for _ in range(2):
        yield (kiosk, "/kiosk/", {"code": tracking_code(row.id, ward.now)})
    yield (kiosk, "/kiosk/help/", {"key": "help"})


STAGES: dict[str, Stage] = {
    stage.__name__: stage for stage in (bills, an_empty_house, a_full_day, a_record, results, stations, at_the_kiosk)
}
