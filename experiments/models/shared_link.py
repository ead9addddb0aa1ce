"""Links that show an experiment's results to people without an account."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from experiments.models.experiment import Experiment
from glozr.ids import new_id


class SharedLink(models.Model):
    """Who has the address may read the results until it is revoked. Of the secret in it a digest
    is stored alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="shared_links"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_by_name = models.CharField(max_length=254, help_text="Outlives the account.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "shared_links"

    def __str__(self) -> str:
        return f"Link made by {self.created_by_name}"
