from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """The project itself: its management commands, and the Celery application that tasks are sent through."""

    name = "opd"
    label = "opd"
    verbose_name = "OPD"

    def ready(self) -> None:
        from opd import celery, checks  # noqa: F401  tasks bind to the application that exists; checks are registered
