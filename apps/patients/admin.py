"""The registry's own pages in the admin."""

from django.urls import path

from apps.patients.views import codes, desk, identity

desk_urls = [
    path("desk/find/", desk.find, name="desk_find"),
    path("desk/code-sign-in/", codes.code_sign_in, name="desk_code_sign_in"),
    path("desk/register/", desk.register, name="desk_register"),
    path("desk/identity/<uuid:patient_id>/", identity.identity, name="desk_identity"),
    path("emergency-access/", desk.emergencies, name="emergencies"),
    path("emergency-access/<uuid:access_id>/", desk.review_emergency, name="emergency"),
]
"""Mounted by the admin's site before Django's own addresses."""
