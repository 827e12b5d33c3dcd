"""The front desk is Django's admin: this is its site, entered and left through our own pages."""

import sys
from typing import Any

from django.apps import apps
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts import views
from apps.core.policy import PUBLIC, Permission
from apps.core.views import actor_if_any, require


class DeskAdminSite(AdminSite):
    """Lets in whoever's role uses it, and mounts the desk's own pages: `desk_urls` of each app's `admin`."""

    site_title = _("Front desk")
    site_header = _("Front desk")
    index_title = _("Front desk")
    site_url = "/"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take in our own models only; those that libraries bring (groups, periodic tasks) are not the desk's."""
        if admin_class and admin_class.__module__.startswith("apps."):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        actor = actor_if_any(request)
        return actor is not None and actor.may(Permission.ADMIN_SITE_USE)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The desk's own pages first, then Django's."""
        return [*_desk_urls(), *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Sign in through our page; who is signed in already has come to the wrong door."""
        actor = actor_if_any(request)
        if actor is None:
            return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
        require(actor, Permission.ADMIN_SITE_USE)
        return redirect("admin:index")

    login.policy = PUBLIC  # type: ignore[attr-defined]

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Sign out through our page, which ends the session on the server too."""
        return views.logout(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Change the password through our page, which ends other sessions and is audited."""
        return redirect("password")


def _desk_urls() -> list[URLPattern | URLResolver]:
    modules = (sys.modules.get(f"{config.name}.admin") for config in apps.get_app_configs())
    return [url for module in modules for url in getattr(module, "desk_urls", [])]
