"""The registry's own pages in the admin."""

from django.urls import path

from apps.patients.views import desk

desk_urls = [
    path("desk/find/", desk.find, name="desk_find"),
    path("desk/register/", desk.register, name="desk_register"),
    path("emergency-access/", desk.emergencies, name="emergencies"),
    path("emergency-access/<uuid:access_id>/", desk.review_emergency, name="emergency"),
]
"""Mounted by the admin's site before Django's own addresses."""
