"""Addresses of live screens over HTTP."""

from django.urls import path

from apps.live import api

api_urls = [
    path("live/<str:stream>", api.LiveView.as_view(), name="live-view"),
    path("appointments/websocket/stats", api.WebsocketStatistics.as_view(), name="websocket-statistics"),
]
