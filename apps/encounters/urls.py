"""Addresses of encounters."""

from django.urls import path

from apps.encounters import api
from apps.encounters.api import orders
from apps.encounters.api.afterwards import Diet, DietPlans, Diets, FollowUp, Referral, Referrals
from apps.encounters.api.diagnoses import Diagnoses, DiagnosisCodes
from apps.encounters.api.encounters import Addenda, EncounterDetail, SignOff
from apps.encounters.api.prescriptions import Medicines, Prescriptions
from apps.encounters.api.status import TokenStatus
from apps.encounters.api.templates import FillIn, KeepAsTemplate, VisitTemplateDetail, VisitTemplates
from apps.encounters.api.vitals import VisitVitals
from apps.encounters.views import (
    console,
    day,
    note,
    openings,
    own_results,
    paper,
    record,
    results,
    sending,
    templates,
    vitals,
)

api_urls = [
    path("doctor/visits/<uuid:visit_id>/complete", api.Complete.as_view(), name="visit-complete"),
    path("doctor/visits/<uuid:visit_id>/undo", api.Undo.as_view(), name="visit-undo"),
    path("consultation/<uuid:visit_id>/complete", api.Complete.as_view(), name="consultation-complete"),
    path("tokens/<uuid:booking_id>/status", TokenStatus.as_view(), name="token-status"),
    path("patient/visits/<uuid:visit_id>", api.OwnVisit.as_view(), name="own-visit"),
    path("patients/<uuid:patient_id>/visits", api.VisitsOfPatient.as_view(), name="patient-visits"),
    path("encounters/<uuid:visit_id>", EncounterDetail.as_view(), name="encounter"),
    path("encounters/<uuid:visit_id>/sign-off", SignOff.as_view(), name="encounter-sign-off"),
    path("encounters/<uuid:visit_id>/vitals", VisitVitals.as_view(), name="encounter-vitals"),
    path("encounters/<uuid:visit_id>/prescriptions", Prescriptions.as_view(), name="encounter-prescriptions"),
    path("encounters/<uuid:visit_id>/diagnoses", Diagnoses.as_view(), name="encounter-diagnoses"),
    path("encounters/<uuid:visit_id>/follow-up", FollowUp.as_view(), name="encounter-follow-up"),
    path("encounters/<uuid:visit_id>/referrals", Referrals.as_view(), name="encounter-referrals"),
    path("encounters/<uuid:visit_id>/referrals/<int:place>", Referral.as_view(), name="encounter-referral"),
    path("encounters/<uuid:visit_id>/diet-plans", Diets.as_view(), name="encounter-diet-plans"),
    path("encounters/<uuid:visit_id>/diet-plans/<int:place>", Diet.as_view(), name="encounter-diet-plan"),
    path("diet-plans", DietPlans.as_view(), name="diet-plans"),
    path("encounters/<uuid:visit_id>/fill-in-template", FillIn.as_view(), name="encounter-fill-in-template"),
    path("encounters/<uuid:visit_id>/keep-as-template", KeepAsTemplate.as_view(), name="encounter-keep-as-template"),
    path("visit-templates", VisitTemplates.as_view(), name="visit-templates"),
    path("visit-templates/<uuid:visit_template_id>", VisitTemplateDetail.as_view(), name="visit-template"),
    path("diagnosis-codes", DiagnosisCodes.as_view(), name="diagnosis-codes"),
    path("encounters/<uuid:visit_id>/orders", orders.VisitOrders.as_view(), name="encounter-orders"),
    path("counter/visits/<uuid:visit_id>/orders", orders.VisitOrdersHere.as_view(), name="counter-orders"),
    path("orders/<uuid:order_id>/take-back", orders.TakeBack.as_view(), name="order-take-back"),
    path("orders/<uuid:order_id>/results", orders.Results.as_view(), name="order-results"),
    path("orders/<uuid:order_id>/seen", orders.Seen.as_view(), name="order-seen"),
    path("patient/results", orders.OwnResults.as_view(), name="own-results-list"),
    path("results/not-seen", orders.NotSeen.as_view(), name="results-not-seen"),
    path("investigations", orders.Investigations.as_view(), name="investigations"),
    path("medicines", Medicines.as_view(), name="medicines"),
    path("encounters/<uuid:visit_id>/addenda", Addenda.as_view(), name="encounter-addenda"),
]

page_urls = [
    path("console/", console.choose, name="consoles"),
    path("console/templates/", templates.own, name="templates"),
    path("console/templates/new/", templates.new, name="template-new"),
    path("console/templates/<uuid:visit_template_id>/", templates.edit, name="template"),
    path("console/templates/<uuid:visit_template_id>/drop/", templates.drop, name="template-drop"),
    path("console/<uuid:doctor_id>/", console.console, name="console"),
    path("console/<uuid:doctor_id>/send-on/<uuid:visit_id>/", sending.send_on, name="console-send-on"),
    path("console/<uuid:doctor_id>/note/<uuid:visit_id>/", note.save, name="console-note"),
    path("console/<uuid:doctor_id>/day/", day.day, name="console-day"),
    path("console/<uuid:doctor_id>/<slug:action>/", console.act, name="console-act"),
    path("vitals/<uuid:visit_id>/", vitals.show, name="vitals"),
    path("vitals/<uuid:visit_id>/<slug:action>/", vitals.act, name="vitals-act"),
    path("me/results/", own_results.own, name="own-results"),
    path("results/", results.mine, name="results"),
    path("results/alerts/", results.alerts, name="results-alerts"),
    path("results/here/", results.here, name="results-here"),
    path("results/<uuid:order_id>/", results.show, name="result"),
    path("results/<uuid:order_id>/<slug:action>/", results.act, name="result-act"),
    path("note/<uuid:visit_id>/", note.show, name="note"),
    path("note/<uuid:visit_id>/<slug:action>/", note.act, name="note-act"),
    path("prescription/<uuid:visit_id>/", paper.show, name="prescription"),
    path("prescription/<uuid:visit_id>/file/", paper.file, name="prescription-file"),
    path("me/opened/<uuid:patient_id>/", openings.own, name="own-openings"),
    path("me/prescriptions/", paper.own_list, name="own-prescriptions"),
    path("me/prescriptions/<uuid:visit_id>/", paper.own_show, name="own-prescription"),
    path("me/prescriptions/<uuid:visit_id>/file/", paper.own_file, name="own-prescription-file"),
    path("record/<uuid:patient_id>/", record.record, name="record"),
    path("record/<uuid:patient_id>/open/", record.open_all, name="record-open"),
    path("record/<uuid:patient_id>/close/", record.close, name="record-close"),
]
