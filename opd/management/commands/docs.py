"""`manage.py docs`: write the documents that are made from the code, or check that they are in step."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opd import documents


class Command(BaseCommand):
    """Writes the documents that are made from the code."""

    help = "Writes docs/states.md, events.md and permissions.md from the code; --check fails when they are out of step."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            if paths := documents.out_of_step():
                names = ", ".join(path.name for path in paths)
                raise CommandError(f"Out of step with the code: {names}. Run manage.py docs.")
            return
        for path, text in documents.documents().items():
            path.write_text(text, encoding="utf-8")
            self.stdout.write(str(path))
