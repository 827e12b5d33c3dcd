"""What the database itself refuses: to alter the books, to unbalance a journal, to alter what was issued."""

from django.db import migrations

from apps.core.partitions import AppendOnly

BALANCED = """
CREATE FUNCTION billing_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about uuid := CASE TG_TABLE_NAME WHEN 'billing_journal' THEN to_jsonb(NEW)->>'id'
        ELSE to_jsonb(NEW)->>'journal_id' END;
    debits numeric; credits numeric;
BEGIN
    SELECT sum(debit), sum(credit) INTO debits, credits FROM billing_journalline WHERE journal_id = about;
    IF debits IS DISTINCT FROM credits OR debits IS NULL THEN
        RAISE EXCEPTION 'journal % is not balanced: % debit, % credit', about, debits, credits
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_balanced';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_balanced AFTER INSERT ON billing_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_journal_balanced();
CREATE CONSTRAINT TRIGGER journal_line_balanced AFTER INSERT ON billing_journalline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_journal_balanced();
"""
"""Asked at the commit, when all lines of a journal are there."""

UNBALANCED = "DROP FUNCTION billing_journal_balanced() CASCADE"

ISSUED = """
CREATE FUNCTION billing_invoice_issued() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE open text[] := ARRAY['paid', 'refunded', 'version'];
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        IF OLD.status = 'DRAFT' THEN RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END IF;
        IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - open = to_jsonb(NEW) - open THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'an issued invoice is immutable: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'invoice_issued';
END $$;
CREATE TRIGGER invoice_issued BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_issued();
CREATE TRIGGER invoice_issued_truncate BEFORE TRUNCATE ON billing_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION billing_invoice_issued();

CREATE FUNCTION billing_line_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' AND NOT EXISTS (
        SELECT FROM billing_invoice WHERE status <> 'DRAFT'
            AND id::text IN (to_jsonb(OLD)->>'invoice_id', to_jsonb(NEW)->>'invoice_id')
    ) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'a line of an issued invoice is immutable: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'invoice_issued';
END $$;
CREATE TRIGGER line_issued BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION billing_line_issued();
CREATE TRIGGER line_issued_truncate BEFORE TRUNCATE ON billing_invoiceline
    FOR EACH STATEMENT EXECUTE FUNCTION billing_line_issued();
"""
"""What is on an invoice once it has its number. What of it was paid and given back goes on."""

UNISSUED = "DROP FUNCTION billing_invoice_issued() CASCADE; DROP FUNCTION billing_line_issued() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        AppendOnly("Journal"),
        AppendOnly("JournalLine"),
        AppendOnly("Payment", changing=["refunded"]),
        AppendOnly("Refund"),
        migrations.RunSQL(BALANCED, UNBALANCED),
        migrations.RunSQL(ISSUED, UNISSUED),
    ]
