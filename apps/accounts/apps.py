from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("People who work here")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the API's description know how a request says who it is from."""
        from apps.accounts import schema  # noqa: F401
