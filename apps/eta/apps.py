from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EtaConfig(AppConfig):
    name = "apps.eta"
    label = "eta"
    verbose_name = _("Expected times")
    default_auto_field = "django.db.models.BigAutoField"
