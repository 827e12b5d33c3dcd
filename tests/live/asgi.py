"""The whole application with the views of these tests, for a server of its own."""

from django.conf import settings

from opd.asgi import application as application

settings.LIVE_VIEWS = "tests.live.house.VIEWS"
