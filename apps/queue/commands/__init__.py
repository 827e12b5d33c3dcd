"""Every write of the queue."""

from apps.queue.commands.arriving import check_in, confirm, self_check_in
from apps.queue.commands.aside import say_here, say_late, sweep_aside
from apps.queue.commands.booking import arrive, book, give_meeting_link, reschedule
from apps.queue.commands.calling import call, call_if_next, call_next, put_back, recall
from apps.queue.commands.closing import close_session, give_up_escalated, place_escalated
from apps.queue.commands.coming import come_late, take_other_time
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
from apps.queue.commands.delaying import delay_doctor
from apps.queue.commands.emergencies import end_overrides, fast_track, override_slot, request_emergency
from apps.queue.commands.expecting import foretell_overdue
from apps.queue.commands.following_up import book_follow_up
from apps.queue.commands.giving_feedback import say_how_it_was
from apps.queue.commands.giving_up import ask_refund, cancel_booking, miss_booking
from apps.queue.commands.handing import reassign
from apps.queue.commands.helping import answer_help, end_calls_for_help, note_help
from apps.queue.commands.holding import accept_place, confirm_booking, decline_place, request_hold, sweep
from apps.queue.commands.journeying import (
    go_next_to,
    go_not_to,
    order_tests,
    send_for_tests,
    skip_station,
    start_journey,
    transfer,
)
from apps.queue.commands.keeping_posted import tell_called, tell_in_line, tell_missed, tell_stayed_away
from apps.queue.commands.leaving import begin_leave, take_leave, undo_leave
from apps.queue.commands.masters import (
    change_department,
    change_rules,
    create_checkin_link,
    delete_department,
    set_availability,
    take_newcomers,
)
from apps.queue.commands.midnight import end_day
from apps.queue.commands.nearby import arrive_by_phone
from apps.queue.commands.nearing import tell_near
from apps.queue.commands.overbooking import open_beyond
from apps.queue.commands.own import RestoreRefused, restore
from apps.queue.commands.reassigning import reassign_bookings
from apps.queue.commands.reminding import remind
from apps.queue.commands.reordering import announce_emergency, move_in_queue
from apps.queue.commands.series import book_series
from apps.queue.commands.serving import (
    call_again,
    call_to_counter,
    finish_at_counter,
    missed_at_counter,
    open_counter,
    resume_at_counter,
    start_at_counter,
)
from apps.queue.commands.slips import renew_link
from apps.queue.commands.stations import Usual, change_template
from apps.queue.commands.triage import set_class
from apps.queue.commands.undoing import undo_in
from apps.queue.commands.unknown import recognise, take_in_unknown
from apps.queue.commands.waiting_list import leave_waiting_list, move_in_waiting_list, note_in_waiting_list
from apps.queue.commands.watching import say_sorry, watch

__all__ = [
    "RestoreRefused",
    "Usual",
    "accept_place",
    "announce_emergency",
    "answer_help",
    "arrive",
    "arrive_by_phone",
    "ask_refund",
    "begin_leave",
    "book",
    "book_follow_up",
    "book_series",
    "call",
    "call_again",
    "call_if_next",
    "call_next",
    "call_to_counter",
    "cancel",
    "cancel_booking",
    "cancel_own",
    "change_department",
    "change_rules",
    "change_template",
    "check_in",
    "close_session",
    "come_late",
    "complete_in",
    "confirm",
    "confirm_booking",
    "create_checkin_link",
    "decline_place",
    "delay_doctor",
    "delete_department",
    "end_calls_for_help",
    "end_day",
    "end_overrides",
    "fast_track",
    "finish_at_counter",
    "foretell_overdue",
    "give_meeting_link",
    "give_up_escalated",
    "go_next_to",
    "go_not_to",
    "hold",
    "leave_waiting_list",
    "miss_booking",
    "missed_at_counter",
    "move_in_queue",
    "move_in_waiting_list",
    "no_show",
    "note_help",
    "note_in_waiting_list",
    "open_beyond",
    "open_counter",
    "order_tests",
    "override_slot",
    "place_escalated",
    "put_back",
    "reassign",
    "reassign_bookings",
    "recall",
    "recognise",
    "remind",
    "renew_link",
    "request_emergency",
    "request_hold",
    "reschedule",
    "restore",
    "resume",
    "resume_at_counter",
    "say_here",
    "say_how_it_was",
    "say_late",
    "say_sorry",
    "self_check_in",
    "send_for_tests",
    "set_availability",
    "set_class",
    "skip_station",
    "start",
    "start_at_counter",
    "start_journey",
    "sweep",
    "sweep_aside",
    "take_in_unknown",
    "take_leave",
    "take_newcomers",
    "take_other_time",
    "tell_called",
    "tell_in_line",
    "tell_missed",
    "tell_near",
    "tell_stayed_away",
    "transfer",
    "triage_down",
    "triage_up",
    "undo_in",
    "undo_leave",
    "watch",
]
