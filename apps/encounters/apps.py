from django.apps import AppConfig


class EncountersConfig(AppConfig):
    name = "apps.encounters"
    label = "encounters"
    verbose_name = "Consultations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.encounters.queries.investigations import at_counter, critical_not_seen
        from apps.encounters.queries.vitals import to_look_at
        from apps.queue.queries.counters import beside
        from apps.queue.queries.overview import look_now

        if at_counter not in beside:
            beside.append(at_counter)
        look_now.extend(ask for ask in (to_look_at, critical_not_seen) if ask not in look_now)
