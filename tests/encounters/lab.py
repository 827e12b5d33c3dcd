"""A ward with a laboratory and an X-ray room, a few tests on its list, and the people who do them."""

from decimal import Decimal
from typing import Any

from apps.core.policy import system_actor
from apps.encounters.commands.ordering import order_investigations
from apps.encounters.commands.results import report_result
from apps.encounters.commands.stocking import INVESTIGATIONS, table, take_in_investigations
from apps.encounters.models import Order, Result
from apps.queue import commands as queue
from tests.stations import Stations
from tests.ward import Ward

CODES = ("CBC", "ELEC", "URINE", "XCHEST")


class Lab(Stations):
    """Stations where tests are done, and what doctors and laboratory do there."""

    def __init__(self, ward: Ward) -> None:
        super().__init__(ward, "LAB", "XRA")
        ward.keep_real_time()
        rows = [row for row in table(INVESTIGATIONS) if row["code"] in CODES]
        take_in_investigations(actor=system_actor("test", ward.facility.id), now=ward.now, rows=rows)

    def called_in(self, **who: Any) -> Any:
        """Somebody is with Dr Rao."""
        self.ward.arrive(self.ward.register(**who) if who else None)
        return self.ward.start(self.ward.call_next())

    def order(self, visit: Any, *tests: str, **how: Any) -> list[Order]:
        """Dr Rao orders tests; with `send` they go there now."""
        how = {"actor": self.ward.rao, "reason": "Sent for tests"} | how
        _visit, orders = order_investigations(now=self.ward.now, visit_id=visit.id, tests=tests, **how)
        return orders

    def report(self, order: Order, code: str = "LAB", **how: Any) -> Result:
        """Whoever works there signs a result; `values` by name."""
        how["values"] = {name: Decimal(str(value)) for name, value in how.get("values", {}).items()}
        return report_result(**{"actor": self.hands[code], "now": self.ward.now, "order_id": order.id} | how)

    def begin(self, code: str = "LAB") -> Any:
        """The next person stands at the counter."""
        visit = self.call(code)
        assert visit
        return queue.start_at_counter(actor=self.hands[code], now=self.ward.now, visit_id=visit.id)
