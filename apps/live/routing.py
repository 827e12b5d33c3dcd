"""Addresses of the sockets."""

from django.urls import path, re_path

from apps.live import consumers

websocket_urlpatterns = [
    path("ws/patient-queue/", consumers.PatientQueue.as_asgi()),
    path("ws/doctor-console/", consumers.DoctorConsole.as_asgi()),
    path("ws/admin-dashboard/", consumers.AdminDashboard.as_asgi()),
    path("ws/display-boards/", consumers.DisplayBoards.as_asgi()),
    re_path("", consumers.Refused.as_asgi()),
]
