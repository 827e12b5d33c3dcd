"""By which channels a message may go, and which comes next when one does not bring it (requirements NTF-1)."""

from collections.abc import Collection, Sequence

from apps.notifications.rules import Channel


def ways(
    order: Sequence[Channel], reachable: Collection[Channel], preferred: Channel | None, *, urgent: bool
) -> list[Channel]:
    """The channels by which a message to somebody is tried, one after the other: the one they prefer, then the house's
    order. What is urgent never begins with an e-mail: nobody looks into a mailbox when they are called."""
    usual = [channel for channel in order if channel in reachable]
    if preferred not in usual or (urgent and preferred is Channel.EMAIL):
        return usual
    return [preferred, *(channel for channel in usual if channel is not preferred)]


def following(channel: Channel, tried: Sequence[Channel]) -> Channel | None:
    """The way after one that did not bring a message, None for none; of a way that is closed by now, the first."""
    rest = tried[tried.index(channel) + 1 :] if channel in tried else tried
    return next(iter(rest), None)


def replaced_by(channel: Channel) -> str:
    """Why a message was dropped that goes another way instead."""
    return f"by_{channel}"
