"""Addresses of boards."""

from django.urls import path

from apps.display import views

page_urls = [
    path("display/<slug:slug>/", views.board, name="board"),
    path("display/<slug:slug>/view/", views.board_part, name="board-view"),
]
