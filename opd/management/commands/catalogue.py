"""`manage.py catalogue`: gather the sentences to translate, check that every one is, compile what readers get."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opd import catalogue


class Command(BaseCommand):
    """Without an option: bring the catalogues in step with the sentences."""

    help = "Gathers the sentences to translate into locale/; --check and --compile judge and compile them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="fail if a catalogue is out of step or has gaps")
        what.add_argument("--compile", action="store_true", help="write the .mo files that the running system reads")

    def handle(self, *args: Any, **options: Any) -> None:
        for language in catalogue.languages():
            if options["check"]:
                self._check(language)
            elif options["compile"]:
                catalogue.compile_catalogue(language)
            else:
                catalogue.update(language)
                self.stdout.write(f"{language}: {len(catalogue.gaps(language))} sentences need a translator.")

    def _check(self, language: str) -> None:
        gaps = catalogue.gaps(language)
        for gap in gaps:
            self.stderr.write(f"{gap.language}: {gap.why}: {gap.text}")
        if gaps:
            raise CommandError(f"{language}: {len(gaps)} sentences need a translator.")
        if not catalogue.is_in_step(language):
            raise CommandError(f"{catalogue.po_path(language)} is out of step. Run manage.py catalogue.")
        self.stdout.write(f"{language}: complete.")
