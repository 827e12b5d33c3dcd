"""Addresses of encounters."""

from django.urls import path

from apps.encounters import api, views

api_urls = [
    path("doctor/visits/<uuid:visit_id>/complete", api.Complete.as_view(), name="visit-complete"),
    path("consultation/<uuid:visit_id>/complete", api.Complete.as_view(), name="consultation-complete"),
    path("patient/visits/<uuid:visit_id>", api.OwnVisit.as_view(), name="own-visit"),
]

page_urls = [
    path("console/", views.choose, name="consoles"),
    path("console/<uuid:doctor_id>/", views.console, name="console"),
    path("console/<uuid:doctor_id>/<slug:action>/", views.act, name="console-act"),
]
