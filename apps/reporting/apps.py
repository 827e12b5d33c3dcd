from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "apps.reporting"
    label = "reporting"
    verbose_name = "Measures"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.core.commands import conflict_listeners
        from apps.reporting.measures import count_conflict

        if count_conflict not in conflict_listeners:
            conflict_listeners.append(count_conflict)
