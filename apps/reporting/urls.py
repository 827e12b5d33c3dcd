"""Addresses of measures."""

from django.urls import path

from apps.reporting import views

page_urls = [path("metrics", views.metrics, name="metrics")]
