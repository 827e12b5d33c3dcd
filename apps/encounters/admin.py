"""The desk's page that takes a move back. Here, because what was signed is known here."""

from django.urls import path

from apps.encounters.views import undoing

desk_urls = [path("desk/undo/<uuid:visit_id>/", undoing.undo_at_desk, name="desk_undo")]
"""Mounted by the admin's site before Django's own addresses."""
