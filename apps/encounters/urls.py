"""Addresses of encounters."""

from django.urls import path

from apps.encounters import api
from apps.encounters.api.status import TokenStatus
from apps.encounters.views import console, record, sending

api_urls = [
    path("doctor/visits/<uuid:visit_id>/complete", api.Complete.as_view(), name="visit-complete"),
    path("doctor/visits/<uuid:visit_id>/undo", api.Undo.as_view(), name="visit-undo"),
    path("consultation/<uuid:visit_id>/complete", api.Complete.as_view(), name="consultation-complete"),
    path("tokens/<uuid:booking_id>/status", TokenStatus.as_view(), name="token-status"),
    path("patient/visits/<uuid:visit_id>", api.OwnVisit.as_view(), name="own-visit"),
    path("patients/<uuid:patient_id>/visits", api.VisitsOfPatient.as_view(), name="patient-visits"),
]

page_urls = [
    path("console/", console.choose, name="consoles"),
    path("console/<uuid:doctor_id>/", console.console, name="console"),
    path("console/<uuid:doctor_id>/send-on/<uuid:visit_id>/", sending.send_on, name="console-send-on"),
    path("console/<uuid:doctor_id>/<slug:action>/", console.act, name="console-act"),
    path("record/<uuid:patient_id>/", record.record, name="record"),
    path("record/<uuid:patient_id>/open/", record.open_all, name="record-open"),
    path("record/<uuid:patient_id>/close/", record.close, name="record-close"),
]
