"""Leads whose domain was kept in letters of its own get the form in which addresses are kept now,
so that the same address is the same lead. The few there are, one by one; where both forms have
become leads, both stay."""

from typing import Any

from django.db import IntegrityError, migrations, transaction

from glozr.addresses import normalised


def keep_in_one_form(apps: Any, schema_editor: Any) -> None:
    leads = apps.get_model("agents", "Lead").objects
    for lead in leads.filter(email__regex=r"[^\x01-\x7f]").only("email").iterator(500):
        try:
            with transaction.atomic():
                leads.filter(pk=lead.pk).update(email=normalised(lead.email))
        except IntegrityError:
            continue


class Migration(migrations.Migration):
    dependencies = [("agents", "0061_messages_as_they_came")]

    operations = [migrations.RunPython(keep_in_one_form, migrations.RunPython.noop, elidable=True)]
