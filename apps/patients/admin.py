"""The registry's own pages in the admin."""

from django.urls import path

from apps.patients import views

desk_urls = [
    path("desk/find/", views.find, name="desk_find"),
    path("desk/register/", views.register, name="desk_register"),
]
"""Mounted by the admin's site before Django's own addresses."""
