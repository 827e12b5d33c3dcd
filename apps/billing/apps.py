from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"
    label = "billing"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.billing.commands import prepaying, undoing
        from apps.billing.queries import prepaid
        from apps.queue.queries.money import MONEY

        MONEY.back = prepaid.back
        MONEY.price_of_priority = prepaid.price_in_words
        MONEY.pay_first = prepaying.pay_first
        MONEY.objects_to_undoing = undoing.object_to_undoing
