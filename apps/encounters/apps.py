from django.apps import AppConfig


class EncountersConfig(AppConfig):
    name = "apps.encounters"
    label = "encounters"
    verbose_name = "Consultations"
    default_auto_field = "django.db.models.BigAutoField"
