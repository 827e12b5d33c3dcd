"""Addresses of boards."""

from django.urls import path

from apps.display import api
from apps.display.views import board, doors, kiosk, pairing, voice

api_urls = [path("kiosk/check-in", api.KioskCheckIn.as_view(), name="kiosk-check-in")]

page_urls = [
    path("kiosk/", kiosk.kiosk, name="kiosk"),
    path("kiosk/help/", kiosk.ask_help, name="kiosk-help"),
    path("display/", pairing.pair, name="pair-screen"),
    path("display/voice/<uuid:recording_id>/", voice.recording, name="recording"),
    path("display/<slug:slug>/", board.board, name="board"),
    path("display/<slug:slug>/view/", board.board_part, name="board-view"),
    path("display/<slug:slug>/check-in/", doors.doors, name="board-doors"),
    path("display/<slug:slug>/check-in/view/", doors.doors_part, name="board-doors-view"),
]
