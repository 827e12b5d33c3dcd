"""Writes of predictions: what is learnt from an event, and the times of a queue worked out anew. Steps of the relay's
transaction, so that no command of the hospital ever waits for them, and each event counts once."""

from apps.eta.commands.choosing import choose_versions
from apps.eta.commands.foretelling import News, foretell, forget_turns
from apps.eta.commands.learning import learn, learn_days, turn_came
from apps.eta.commands.news import note_news, take_news

__all__ = [
    "News",
    "choose_versions",
    "foretell",
    "forget_turns",
    "learn",
    "learn_days",
    "note_news",
    "take_news",
    "turn_came",
]
