"""Puts our own site in the place of Django's admin. Loaded before any model: the site itself is `opd.desk`."""

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    """The admin, with the front desk as its site."""

    default_site = "opd.desk.DeskAdminSite"
