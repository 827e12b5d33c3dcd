"""Addresses of messages."""

from django.urls import path

from apps.notifications import views

page_urls = [
    path("demo/messages/", views.demo_messages, name="demo-messages"),
    path("demo/messages.json", views.demo_messages_json, name="demo-messages-json"),
]
