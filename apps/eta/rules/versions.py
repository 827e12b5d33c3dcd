"""The methods that there are. One is shown; another may predict beside it, unseen, until somebody has compared them."""

from dataclasses import dataclass, replace

from apps.core.errors import sentence
from apps.eta.rules.laws import Laws


@dataclass(frozen=True, slots=True)
class Version:
    """A method under its name. `today`: how many times as much today's pace counts as in the first."""

    name: str
    about: str
    today: float = 1.0

    def laws(self, laws: Laws) -> Laws:
        """What this method takes to be so."""
        return laws if self.today == 1.0 else replace(laws, tau2=laws.tau2 * self.today)


FIRST = "1"
VERSIONS = {
    version.name: version
    for version in (
        Version(FIRST, sentence("Today's pace counts as much as days before have shown it to.")),
        Version("2", sentence("Today's pace counts twice as much."), today=2.0),
    )
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which version is shown, and which one predicts beside it (empty for none)."""

    shown: str = FIRST
    beside: str = ""

    @property
    def names(self) -> list[str]:
        """Those that predict, the shown one first."""
        return [self.shown, self.beside] if self.beside else [self.shown]
