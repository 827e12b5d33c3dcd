"""Addresses of messages."""

from django.urls import path

from apps.notifications.api import Messages, Template, Templates
from apps.notifications.reports import reports
from apps.notifications.views import demo

api_urls = [
    path("notifications", Messages.as_view(), name="notifications"),
    path("notifications/templates", Templates.as_view(), name="notification-templates"),
    path("notifications/templates/<slug:name>/<slug:language>", Template.as_view(), name="notification-template"),
]

page_urls = [
    path("reports/messages/<slug:channel>/", reports, name="message-reports"),
    path("demo/messages/", demo.demo_messages, name="demo-messages"),
    path("demo/messages.json", demo.demo_messages_json, name="demo-messages-json"),
]
