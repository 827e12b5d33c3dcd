"""The worker sends too: whatever the senders beside the relay have not."""

from celery import shared_task

from apps.notifications.commands import deliver_due


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Send what is due. Safe to run twice, late, or twice at once; its arguments name nobody."""
    deliver_due()
