"""The desk's pages about messages, mounted in the admin."""

from django.urls import path

from apps.notifications.views import unsent, wordings

desk_urls = [
    path("messages/unsent/", unsent.unsent_messages, name="unsent_messages"),
    path("messages/unsent/<uuid:message_id>/<slug:action>/", unsent.see_to, name="unsent_message"),
    path("messages/words/", wordings.wordings, name="wordings"),
    path("messages/words/<slug:wording_id>/sending/<slug:action>/", wordings.leave_out, name="wording_left_out"),
    path("messages/words/<slug:wording_id>/<slug:language>/", wordings.wording, name="wording"),
]
"""Mounted by the admin's site before Django's own addresses."""
