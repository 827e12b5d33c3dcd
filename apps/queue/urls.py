"""Addresses of the queue."""

from django.urls import path

from apps.queue.api import (
    booking,
    cancellations,
    emergency,
    holds,
    journeys,
    leave,
    masters,
    notices,
    patients,
    slots,
    staff,
    tracking,
)
from apps.queue.views import counter, me, own_booking, own_bookings, track, track_deeds

_MOVES = {
    "call-next": staff.CallIfNext,
    "call": staff.Call,
    "recall": staff.Recall,
    "put-back": staff.PutBack,
    "start": staff.Start,
    "no-show": staff.NoShow,
    "hold": staff.Hold,
    "resume": staff.Resume,
    "cancel": staff.Cancel,
    "confirm": staff.Confirm,
    "urgent": staff.Urgent,
    "not-urgent": staff.NotUrgent,
    "reassign": staff.Reassign,
}

_DAYS = {
    "slot-based": slots.SlotBased,
    "slot-overlaps": slots.Overlaps,
    "suggest-slots": slots.Suggest,
    "statistics": slots.Statistics,
    "emergency": slots.Announce,
}
"""What document 004 asks about a doctor's day."""

_TURNS = {
    "slot-position": slots.Position,
    "move": slots.Move,
    "early-arrival": slots.EarlyArrival,
    "no-show": booking.MissedBooking,
}
"""What it asks about one person's turn."""

api_urls = [
    path("visits", staff.Visits.as_view(), name="visits"),
    path("visits/<uuid:visit_id>", staff.VisitDetail.as_view(), name="visit"),
    path("departments/<uuid:department_id>/queue", staff.DepartmentQueue.as_view(), name="department-queue"),
    path("doctor/queue/call-next", staff.CallNext.as_view(), name="call-next"),
    *(
        path(f"doctor/visits/<uuid:visit_id>/{verb}", move.as_view(), name=f"visit-{verb}")
        for verb, move in _MOVES.items()
    ),
    path("doctor/visits/<uuid:visit_id>/transfer", journeys.Transfer.as_view(), name="visit-transfer"),
    path("doctor/visits/<uuid:visit_id>/tests", journeys.Tests.as_view(), name="visit-tests"),
    path("doctor/visits/<uuid:visit_id>/skip", journeys.Skip.as_view(), name="visit-skip"),
    path("doctor/visits/<uuid:visit_id>/journey", journeys.JourneyStart.as_view(), name="visit-journey-start"),
    path("visits/<uuid:visit_id>/journey", journeys.VisitJourney.as_view(), name="visit-journey"),
    path("journeys", journeys.Templates.as_view(), name="journeys"),
    path("counters", journeys.Counters.as_view(), name="counters"),
    path("counters/<uuid:counter_id>/status", journeys.CounterStatus.as_view(), name="counter-status"),
    path("counters/<uuid:counter_id>/call-next", journeys.CounterCall.as_view(), name="counter-call"),
    *(
        path(f"counter/visits/<uuid:visit_id>/{word}", move.as_view(), name=f"counter-{word}")
        for word, move in journeys.COUNTER_MOVES.items()
    ),
    path("consultation/start", staff.ConsultationStart.as_view(), name="consultation-start"),
    path("desk/notices", notices.Notices.as_view(), name="desk-notices"),
    path("desk/help/<uuid:help_id>/answer", notices.AnswerHelp.as_view(), name="desk-help-answer"),
    path("admin/departments", masters.AdminDepartments.as_view(), name="admin-departments"),
    path("admin/departments/<uuid:department_id>", masters.AdminDepartment.as_view(), name="admin-department"),
    path("admin/qrcodes", masters.QrCodes.as_view(), name="qrcodes"),
    path("departments/<uuid:department_id>/newcomers", masters.Newcomers.as_view(), name="newcomers"),
    path("doctors/<uuid:doctor_id>/status", masters.DoctorStatus.as_view(), name="doctor-status"),
    path("doctors/<uuid:doctor_id>/slots", booking.DoctorSlots.as_view(), name="doctor-slots"),
    path("doctors/<uuid:doctor_id>/leave", leave.Leaves.as_view(), name="leaves"),
    path("doctors/<uuid:doctor_id>/leave/preview", leave.LeavePreview.as_view(), name="leave-preview"),
    path("doctors/<uuid:doctor_id>/leave/<uuid:leave_id>", leave.LeaveDetail.as_view(), name="leave"),
    path("doctors/<uuid:doctor_id>/delay", leave.Delay.as_view(), name="doctor-delay"),
    path("cancellations/bulk/<uuid:slot_id>", leave.BulkCancellation.as_view(), name="bulk-cancellation"),
    path("escalations", leave.Escalations.as_view(), name="escalations"),
    path("escalations/<uuid:booking_id>", leave.Escalation.as_view(), name="escalation"),
    path("tokens", booking.Bookings.as_view(), name="bookings"),
    path("tokens/availability", booking.Availability.as_view(), name="availability"),
    path("tokens/waiting-status", booking.WaitingStatus.as_view(), name="waiting-status"),
    path("tokens/<uuid:booking_id>", booking.BookingDetail.as_view(), name="booking"),
    path("tokens/<uuid:booking_id>/check-in", booking.Arrive.as_view(), name="booking-check-in"),
    path("tokens/<uuid:booking_id>/no-show", booking.MissedBooking.as_view(), name="booking-no-show"),
    path("tokens/<uuid:booking_id>/reschedule", booking.Reschedule.as_view(), name="booking-reschedule"),
    path("waiting/<uuid:waiting_id>", booking.WaitingDetail.as_view(), name="waiting"),
    path("waiting/<uuid:waiting_id>/move", booking.WaitingMove.as_view(), name="waiting-move"),
    path("cancellations/check/<uuid:booking_id>", cancellations.CancellationCheck.as_view(), name="cancellation-check"),
    path("cancellations/<uuid:booking_id>", cancellations.Cancellation.as_view(), name="cancellation"),
    path("cancellations/refund/<uuid:booking_id>", cancellations.Refund.as_view(), name="cancellation-refund"),
    path("cancellations/history", cancellations.History.as_view(), name="cancellation-history"),
    path("cancellations/stats", cancellations.Statistics.as_view(), name="cancellation-stats"),
    path("waiting/stats", holds.WaitingStatistics.as_view(), name="waiting-stats"),
    path("waiting/<uuid:waiting_id>/accept", holds.Accept.as_view(), name="waiting-accept"),
    path("waiting/<uuid:waiting_id>/decline", holds.Decline.as_view(), name="waiting-decline"),
    path("appointments/recurring", holds.Recurring.as_view(), name="appointment-recurring"),
    path("appointments/<uuid:booking_id>/meeting", holds.Meeting.as_view(), name="appointment-meeting"),
    path("waiting/<uuid:waiting_id>/notes", holds.WaitingNotes.as_view(), name="waiting-notes"),
    path("appointments/request", holds.Request.as_view(), name="appointment-request"),
    path("appointments/<uuid:booking_id>/confirm", holds.Confirm.as_view(), name="appointment-confirm"),
    path("appointments/track/<str:token>", tracking.Track.as_view(), name="appointment-track"),
    path("appointments/refresh-queue/<str:token>", tracking.Track.as_view(), name="appointment-refresh"),
    *(
        path(f"appointments/queue/{verb}/<uuid:doctor_id>", view.as_view(), name=f"day-{verb}")
        for verb, view in _DAYS.items()
    ),
    *(
        path(f"appointments/queue/{verb}/<uuid:booking_id>", view.as_view(), name=f"turn-{verb}")
        for verb, view in _TURNS.items()
    ),
    path("emergency/request", emergency.Request.as_view(), name="emergency-request"),
    path("emergency/fast-track", emergency.FastTrack.as_view(), name="emergency-fast-track"),
    path("emergency/unknown", emergency.Unknown.as_view(), name="emergency-unknown"),
    path("emergency/recognise", emergency.Recognise.as_view(), name="emergency-recognise"),
    path("emergency/override/<uuid:slot_id>", emergency.Override.as_view(), name="emergency-override"),
    path("emergency/current-slot/<uuid:doctor_id>", emergency.CurrentSlot.as_view(), name="emergency-current-slot"),
    path("emergency/stats", emergency.Statistics.as_view(), name="emergency-stats"),
    path("doctors/<uuid:doctor_id>/stats", slots.Statistics.as_view(), name="doctor-stats"),
    path("patient/checkin", patients.CheckIn.as_view(), name="patient-checkin"),
    path("patient/restore", patients.Restore.as_view(), name="patient-restore"),
    path("patient/visits", patients.OwnVisits.as_view(), name="own-visits"),
    path("patient/bookings", patients.OwnBookings.as_view(), name="own-bookings"),
    path("patient/waiting", patients.OwnWaiting.as_view(), name="own-waiting"),
    path("patient/visits/<uuid:visit_id>/cancel", patients.CancelOwn.as_view(), name="own-visit-cancel"),
    path("patient/visits/<uuid:visit_id>/late", patients.SayLate.as_view(), name="own-visit-late"),
    path("patient/visits/<uuid:visit_id>/here", patients.SayHere.as_view(), name="own-visit-here"),
]

page_urls = [
    path("counter/", counter.choose, name="counters-page"),
    path("counter/<uuid:counter_id>/", counter.counter, name="counter"),
    path("counter/<uuid:counter_id>/<slug:action>/", counter.act, name="counter-act"),
    path("t/", track.enter_code, name="enter-code"),
    path("t/<str:code>/", track.track, name="track"),
    path("t/<str:code>/appointment.ics", track.calendar, name="track-calendar"),
    path("t/<str:code>/here/", track_deeds.here, name="track-here"),
    path("t/<str:code>/late/", track_deeds.late, name="track-late"),
    path("t/<str:code>/cancel/", track_deeds.cancel, name="track-cancel"),
    path("t/<str:code>/again/", track_deeds.again, name="track-again"),
    path("t/<str:code>/feedback/", track_deeds.feedback, name="track-feedback"),
    path("checkin", track.check_in, name="check-in"),
    path("checkin/<str:word>", track.door, name="check-in-door"),
    path("me/", me.me, name="me"),
    path("me/forget/", me.forget, name="me-forget"),
    path("me/bookings/<uuid:booking_id>/", own_bookings.booking, name="own-booking"),
    path("me/bookings/<uuid:booking_id>/move/", own_bookings.move, name="own-booking-move"),
    path("me/bookings/<uuid:booking_id>/cancel/", own_bookings.cancel, name="own-booking-cancel"),
    path("me/bookings/<uuid:booking_id>/here/", own_bookings.here, name="own-booking-here"),
    path("me/waiting/<uuid:waiting_id>/", own_bookings.waiting, name="own-waiting-place"),
    path("book/", own_booking.book, name="book"),
    path("book/<uuid:doctor_id>/", own_booking.times, name="book-times"),
    path("book/<uuid:doctor_id>/check/", own_booking.check, name="book-check"),
]
