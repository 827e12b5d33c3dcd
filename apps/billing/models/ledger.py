"""The ledger: double entry, added to and never changed. Unbalanced journals do not commit (migration 0001)."""

from django.db import models
from django.db.models import Q

from apps.billing.models.columns import known, money
from apps.billing.rules.books import Account, Deed
from apps.core.models import ScopedModel


class Journal(ScopedModel):
    """One deed in the books. `source_id` is the invoice, payment or refund: each is written once."""

    changing = ()

    at = models.DateTimeField()
    day = models.DateField()
    deed = models.CharField(max_length=8, choices=[(d.value, d.value) for d in Deed])
    source_id = models.UUIDField()

    class Meta:
        constraints = [
            known("deed", Deed, "journal_deed_known"),
            models.UniqueConstraint(fields=["deed", "source_id"], name="journal_of_a_deed_once"),
        ]
        indexes = [models.Index(fields=["facility", "day", "at"], name="journal_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.deed} {self.source_id}"


class JournalLine(models.Model):
    """A sum on one side of one account."""

    changing = ()

    id = models.BigAutoField(primary_key=True)
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=10, choices=[(a.value, a.value) for a in Account])
    debit = money()
    credit = money()

    class Meta:
        constraints = [
            known("account", Account, "journal_account_known"),
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0) | Q(debit=0, credit__gt=0), name="journal_line_has_one_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.debit} {self.credit}"
