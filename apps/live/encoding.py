"""How what is said over a socket is written."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


def as_text(said: dict[str, Any]) -> str:
    """JSON without a space too many."""
    return json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
