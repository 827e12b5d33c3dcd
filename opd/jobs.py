"""Every task of the worker leaves word of how it went."""

import logging
from typing import Any

from celery import Task
from django.utils import timezone

log = logging.getLogger(__name__)


class NotedTask(Task):
    """Notes when it began and ended, and what it answered or, of a failure, its kind: a message may hold a name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        began = timezone.now()
        try:
            answer = super().__call__(*args, **kwargs)
        except Exception as error:
            self._note(began, "", type(error).__name__)
            raise
        self._note(began, "" if answer is None else str(answer), "")
        return answer

    def _note(self, began: Any, result: str, error: str) -> None:
        """Never in the way of the work itself."""
        from apps.reporting.jobs import note_run  # the apps are loaded after the worker's application is made

        try:
            note_run(str(self.name), began, timezone.now(), result, error)
        except Exception as failure:
            log.warning("run not noted", extra={"task": self.name, "error": type(failure).__name__})
