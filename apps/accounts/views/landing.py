"""Where somebody goes after signing in."""

from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.policy import Actor, Permission


def landing(actor: Actor) -> str:
    """Where somebody begins their work."""
    return "/admin/" if actor.may(Permission.ADMIN_SITE_USE) else "/console/"


def own_path(address: str) -> str:
    """The address if it is a path of this site, else nothing: nobody is sent elsewhere after signing in."""
    ours = address.startswith("/") and address.isprintable()
    safe = ours and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else ""
