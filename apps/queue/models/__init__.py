"""The queue's tables."""

from apps.queue.models.feedback import Feedback
from apps.queue.models.journeys import Journey, JourneyLeg, JourneyStation, JourneyTemplate
from apps.queue.models.triage import TriageRule
from apps.queue.models.visits import Visit, VisitTransition
from apps.queue.models.watched import Alert, HelpCall, Overtaking

__all__ = [
    "Alert",
    "Feedback",
    "HelpCall",
    "Journey",
    "JourneyLeg",
    "JourneyStation",
    "JourneyTemplate",
    "Overtaking",
    "TriageRule",
    "Visit",
    "VisitTransition",
]
