"""The ways out of the house: for each channel one function that hands a message to a provider.

`deliver(message: Outgoing) -> str` returns the provider's reference or raises `DeliveryFailed`. It may be called
twice for one message (its sender died in between): the message's id is what a provider knows a repeat by.
"""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from apps.notifications.rules import NO_ADAPTER, Outgoing


class DeliveryFailed(Exception):
    """A provider did not take a message. `code` is kept with it; `final` says that a repeat would be in vain."""

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final


def deliver(message: Outgoing) -> str:
    """Hand a message to the provider of its channel; the provider's reference. Raises `DeliveryFailed`."""
    path = settings.CHANNEL_ADAPTERS.get(str(message.channel))
    if path is None:
        raise DeliveryFailed(NO_ADAPTER, final=True)
    adapter: Callable[[Outgoing], str] = import_string(path)
    return adapter(message)
