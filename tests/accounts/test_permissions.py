"""Who may do what, as a table to read aloud. A change of the policy is a change here, for everybody to see."""

from apps.core.policy import ROLE_FIELDS, ROLE_PERMISSIONS, TYPE_PERMISSIONS, ActorType, Fields, Permission, Role

TABLE = """
                     ADMIN DOCTOR RECEPTION NURSE CASHIER PHARMACIST LAB | patient system
masters.read           x      x       x       x      x        x       x  |
masters.change         x
directory.read                                                           |    x
qrcode.create          x              x       x
patient.read           x      x       x       x      x        x       x  |
patient.register       x              x       x
queue.read             x      x       x       x      x        x       x  |
board.read             x      x       x       x      x        x       x  |
booking.create         x              x       x
booking.change         x              x       x
schedule.change        x              x
queue.move             x              x       x
queue.announce         x      x       x       x
booking.read_own                                                         |    x
booking.create_own                                                       |    x
booking.change_own                                                       |    x
visit.check_in         x              x       x
visit.self_check_in
visit.emergency        x      x       x       x
visit.call             x      x       x       x
visit.consult                 x
kiosk.check_in
counter.serve                                 x      x        x       x
journey.change         x
visit.hold             x      x       x       x
visit.no_show          x      x       x       x
visit.cancel           x      x       x       x
visit.cancel_own                                                         |    x
visit.read_own                                                           |    x
visit.tell_own                                                           |    x
prescription.read_own                                                    |    x
result.read_own                                                          |    x
health.note                   x               x
result.enter                                                          x
break_glass.open              x               x
break_glass.review     x
invoice.read           x      x       x              x
invoice.change         x              x              x
invoice.discount       x      x       x              x
payment.take           x              x              x
payment.refund         x                             x
ledger.read            x                             x
bill.pay_own                                                             |    x
patient.own
audit.read             x
feedback.read          x
message.handle         x              x       x
account.own            x      x       x       x      x        x       x  |
desk.use               x              x       x      x        x       x  |
console.use            x      x       x       x
admin_site.use         x              x       x      x        x       x  |
system.keep                                                              |           x
"""


def table(text: str) -> dict[str, set[str]]:
    """The table as permission → who has it; a cross belongs to the heading that stands over it."""
    heading, *rows = [line for line in text.splitlines() if line.strip()]
    names = heading.replace("|", " ").split()
    spans = {name: range(heading.index(name), heading.index(name) + len(name)) for name in names}
    return {
        row.split()[0]: {name for name, span in spans.items() if any(row[i : i + 1] == "x" for i in span)}
        for row in rows
    }


def test_the_policy_is_exactly_this_table():
    roles = {role.value: ROLE_PERMISSIONS[role] for role in Role}
    types = {kind.value: TYPE_PERMISSIONS[kind] for kind in (ActorType.PATIENT, ActorType.SYSTEM)}
    policy = {
        permission.value: {who for who, allowed in (roles | types).items() if permission in allowed}
        for permission in Permission
    }
    assert policy == table(TABLE)


FIELD_TABLE = """
                     ADMIN DOCTOR RECEPTION NURSE CASHIER PHARMACIST LAB
identity               x      x       x       x      x        x       x
phone_end              x      x       x       x      x
contact                x              x       x
identifiers            x              x
needs                  x      x       x       x
complaint              x      x       x       x
prescribed_today                                              x
health                        x               x
clinical                      x
"""


def test_what_of_a_patient_each_role_sees_is_exactly_this_table():
    seen = {group.value: {role.value for role in Role if group in ROLE_FIELDS[role]} for group in Fields}
    assert seen == table(FIELD_TABLE)


def test_links_screens_and_staff_without_a_role_may_nothing_by_themselves():
    for kind in (ActorType.LINK, ActorType.SCREEN, ActorType.STAFF):
        assert not TYPE_PERMISSIONS[kind]


def test_every_role_is_in_the_policy():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(ROLE_FIELDS) == set(Role)
