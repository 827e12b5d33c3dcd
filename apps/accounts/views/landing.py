"""Where somebody goes after signing in."""

from apps.core.policy import Actor, Permission


def landing(actor: Actor) -> str:
    """Where somebody begins their work."""
    return "/admin/" if actor.may(Permission.ADMIN_SITE_USE) else "/console/"
