"""Every address: what the installed apps bring (`api_urls`, `page_urls` of their `urls`), and the house's own."""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.utils.module_loading import module_has_submodule
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint
from apps.core.errors import NotFound
from apps.core.policy import PUBLIC, SIGNED_IN
from apps.core.views import page
from opd import health, phone
from opd.reports import csp_report
from opd.start import start
from opd.styleguide import styleguide


class UnknownPath(Endpoint):
    """Whatever else is asked under the API."""

    policy = SIGNED_IN
    schema = None

    def get(self, request: Request, **kwargs: Any) -> Response:
        """Nothing is here."""
        raise NotFound

    post = put = patch = delete = get


def _brought(kind: str) -> list[Any]:
    """What the apps' `urls` modules bring of one kind, lowest app first."""
    ours = [config for config in apps.get_app_configs() if config.name.startswith("apps.")]
    modules = [import_module(f"{c.name}.urls") for c in ours if module_has_submodule(c.module, "urls")]
    return [url for module in modules for url in getattr(module, kind, [])]


explained_to = page(policy=SIGNED_IN if settings.PRODUCTION else PUBLIC)

urlpatterns = [
    # First, because programs ask most often, and each pattern before it would be tried for every one of them.
    path("api/v1/", include([*_brought("api_urls"), re_path("", UnknownPath.as_view())])),
    path("", start, name="start"),
    path("styleguide/", styleguide, name="styleguide"),
    path("manifest.webmanifest", phone.manifest, name="manifest"),
    path("worker.js", phone.worker, name="worker"),
    path("offline/", phone.offline, name="offline"),
    *_brought("page_urls"),
    # Without protection against forged forms: a tracking page hides its address (and so its origin) from every
    # request, and there is nothing to gain from choosing a language for somebody.
    path("language/", csrf_exempt(page(policy=PUBLIC, methods=("POST",))(set_language)), name="set_language"),
    path("health", health.ready),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/startup", health.startup),
    path("csp-report", csp_report),
    path("api/schema/", explained_to(SpectacularAPIView.as_view()), name="schema"),
    path("api/docs/", explained_to(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("admin/", admin.site.urls),
]

handler400 = "apps.core.pages.bad_request"
handler403 = "apps.core.pages.permission_denied"
handler404 = "apps.core.pages.not_found"
handler500 = "apps.core.pages.server_error"
