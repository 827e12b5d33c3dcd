"""Health data in a column: readable by the application alone."""

import json
from typing import Any

from apps.core.crypto import EncryptedTextField


class SealedJsonField(EncryptedTextField):
    """A JSON value that stands in the database only sealed; an empty column is an empty object."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(json.dumps(value, sort_keys=True, ensure_ascii=False) if value else "")

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        opened = super().from_db_value(value, expression, connection)
        return json.loads(opened) if opened else {}
