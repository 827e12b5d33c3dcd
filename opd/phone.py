"""What keeps the hospital at hand on a patient's phone: manifest, worker, and the page without a connection."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static

from apps.accounts.queries import house_name
from apps.core.policy import PUBLIC
from apps.core.templatetags.parchi import SYMBOL_NAMES
from apps.core.views import page
from opd.styleguide import colours


@page(policy=PUBLIC)
def manifest(request: HttpRequest) -> HttpResponse:
    """How the hospital looks among a phone's programs."""
    tokens = dict(colours())
    name = house_name()
    icon = {"src": static("icons/parchi.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"}
    said = {
        "name": name,
        "short_name": name.split()[0],
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": tokens["page"],
        "theme_color": tokens["page"],
        "icons": [icon],
    }
    return JsonResponse(said, content_type="application/manifest+json")


@page(policy=PUBLIC)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It stands at the top, since it serves whatever lies beneath its own address."""
    script = (settings.BASE_DIR / "static" / "js" / "worker.js").read_text(encoding="utf-8")
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@page(policy=PUBLIC)
def offline(request: HttpRequest) -> HttpResponse:
    """Shown by a phone itself, when it reaches nobody."""
    return render(request, "track/offline.html", {"symbols": list(SYMBOL_NAMES)})
