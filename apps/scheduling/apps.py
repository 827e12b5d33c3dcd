from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    name = "apps.scheduling"
    label = "scheduling"
    verbose_name = _("Departments, doctors and numbers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say which departments a member of staff may be given."""
        from apps.accounts.queries import department_sources
        from apps.scheduling.queries import department_names

        if department_names not in department_sources:
            department_sources.append(department_names)
