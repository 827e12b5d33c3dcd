"""The desk's own pages in the admin, and the words that make a visit urgent."""

from django.contrib import admin
from django.urls import path

from apps.core.admin import AuditedModelAdmin
from apps.queue.models import TriageRule
from apps.queue.views import (
    booking,
    booking_deeds,
    day,
    desk,
    desk_deeds,
    fairness,
    feedback,
    journeys,
    leave,
    line,
    masters,
    notices,
    overbooking,
    reassigning,
    rules,
    unknown,
    walk_in,
)

desk_urls = [
    path("desk/today/", desk.today, name="desk_today"),
    path("desk/help/<uuid:help_id>/", notices.answer, name="desk_help"),
    path("desk/walk-in/", walk_in.walk_in, name="desk_walk_in"),
    path("desk/emergency/", unknown.take_in, name="desk_unknown"),
    path("desk/identity/<uuid:patient_id>/<uuid:known_id>/", unknown.recognise, name="desk_recognise"),
    path("desk/slip/<uuid:visit_id>/", desk_deeds.slip, name="desk_slip"),
    path("desk/slip/<uuid:visit_id>/link/", desk_deeds.renew_link, name="desk_slip_link"),
    path("desk/journeys/", journeys.journeys, name="journeys"),
    path("desk/journeys/new/", journeys.kind, name="journey_new"),
    path("desk/journeys/<uuid:template_id>/", journeys.kind, name="journey"),
    path("desk/visits/<uuid:visit_id>/stations/", journeys.send_on, name="desk_stations"),
    path("desk/visits/<uuid:visit_id>/", line.visit, name="desk_line"),
    path("desk/turns/<uuid:visit_id>/<slug:action>/", line.turn, name="desk_turn"),
    path("desk/queues/", line.queues, name="desk_queues"),
    path("desk/queues/<uuid:department_id>/", line.order, name="desk_order"),
    path("desk/queues/<uuid:department_id>/newcomers/<slug:action>/", line.newcomers, name="desk_newcomers"),
    path("desk/queues/<uuid:department_id>/rules/", rules.rules, name="desk_rules"),
    path("desk/fairness/", fairness.ledger, name="desk_fairness"),
    path("desk/feedback/", feedback.feedback, name="feedback"),
    path("desk/overbooking/", overbooking.advice, name="desk_overbooking"),
    path("desk/overbooking/<uuid:slot_id>/", overbooking.decide, name="desk_overbook"),
    path("desk/announce/<uuid:doctor_id>/", fairness.announce, name="desk_announce"),
    path("desk/visits/<uuid:visit_id>/<slug:action>/", desk_deeds.deed, name="desk_visit"),
    path("desk/book/", booking.book, name="desk_book"),
    path("desk/day/", day.first_day, name="desk_first_day"),
    path("desk/day/<uuid:doctor_id>/", day.day, name="desk_day"),
    path("desk/day/<uuid:doctor_id>/reassign/", reassigning.reassign, name="desk_reassign"),
    path("desk/bookings/<uuid:booking_id>/", booking_deeds.booking, name="desk_booking"),
    path("desk/bookings/<uuid:booking_id>/slip/", booking_deeds.slip, name="desk_booking_slip"),
    path("desk/bookings/<uuid:booking_id>/move/", booking_deeds.move, name="desk_booking_move"),
    path("desk/bookings/<uuid:booking_id>/<slug:action>/", booking_deeds.deed, name="desk_booking_deed"),
    path("desk/waiting/<uuid:waiting_id>/<slug:action>/", day.waiting_deed, name="desk_waiting"),
    path("desk/away/", leave.away, name="desk_away"),
    path("desk/away/<uuid:doctor_id>/", leave.doctor, name="desk_away_doctor"),
    path("desk/away/<uuid:doctor_id>/delay/", leave.delay, name="desk_away_delay"),
    path("desk/away/<uuid:doctor_id>/leave/", leave.leave, name="desk_away_leave"),
    path("desk/away/<uuid:doctor_id>/leave/<uuid:leave_id>/undo/", leave.undo, name="desk_away_undo"),
    path("desk/slots/<uuid:slot_id>/cancel/", leave.cancel_slot, name="desk_slot_cancel"),
    path("desk/escalations/<uuid:booking_id>/", leave.escalation, name="desk_escalation"),
    path("departments/<uuid:department_id>/<slug:action>/", masters.opening, name="department_opening"),
]
"""Mounted by the admin's site before Django's own addresses."""


@admin.register(TriageRule)
class TriageRuleAdmin(AuditedModelAdmin):
    """Phrases in what people say that make their visit urgent."""

    list_display = ("phrase", "department", "active")
    list_filter = ("active",)
    search_fields = ("phrase",)
    list_select_related = ("department",)
