from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"
    verbose_name = "Audit trail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.audit.commands import note_master_change, note_refusal
        from apps.core.admin import change_listeners
        from apps.core.commands import refusal_listeners

        if note_master_change not in change_listeners:
            change_listeners.append(note_master_change)
        if note_refusal not in refusal_listeners:
            refusal_listeners.append(note_refusal)
