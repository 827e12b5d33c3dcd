"""Pages, API and sockets for an ASGI server."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opd.settings")
pages = get_asgi_application()

from apps.live.consumers import Refused  # noqa: E402 - needs Django set up
from apps.live.routing import websocket_urlpatterns  # noqa: E402


class TrustedOrigin:
    """Lets a socket through only from one of our own origins: scheme, host and port, letter for letter.

    A browser always says where a page is from; whoever does not say it is refused too.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        trusted = len(origins) == 1 and origins[0] in settings.TRUSTED_ORIGINS
        chosen = self.application if trusted else Refused()
        return await chosen(scope, receive, send)


application = ProtocolTypeRouter({"http": pages, "websocket": TrustedOrigin(URLRouter(websocket_urlpatterns))})
