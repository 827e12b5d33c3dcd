"""Every write of the queue."""

from apps.queue.commands.arriving import check_in, confirm, self_check_in
from apps.queue.commands.booking import (
    arrive,
    book,
    cancel_booking,
    leave_waiting_list,
    miss_booking,
    move_in_waiting_list,
    reschedule,
)
from apps.queue.commands.calling import call, call_if_next, call_next, put_back, recall
from apps.queue.commands.consulting import (
    cancel,
    cancel_own,
    complete_in,
    hold,
    no_show,
    resume,
    start,
    triage_down,
    triage_up,
)
from apps.queue.commands.masters import (
    change_department,
    create_checkin_link,
    delete_department,
    set_availability,
)
from apps.queue.commands.slips import renew_link

__all__ = [
    "arrive",
    "book",
    "call",
    "call_if_next",
    "call_next",
    "cancel",
    "cancel_booking",
    "cancel_own",
    "change_department",
    "check_in",
    "complete_in",
    "confirm",
    "create_checkin_link",
    "delete_department",
    "hold",
    "leave_waiting_list",
    "miss_booking",
    "move_in_waiting_list",
    "no_show",
    "put_back",
    "recall",
    "renew_link",
    "reschedule",
    "resume",
    "self_check_in",
    "set_availability",
    "start",
    "triage_down",
    "triage_up",
]
