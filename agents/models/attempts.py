"""How often something was tried lately that guessing or flooding must not speed up."""

from django.db import models
from django.db.models.functions import Now


class AttemptCount(models.Model):
    """What was counted under one key, and from when on the next attempt is taken.

    A table of its own and not the cache: that throws entries away when it is full, so whoever
    fills it would be counted from the start again.
    """

    key = models.CharField(
        max_length=64, primary_key=True, help_text="SHA-256 of what is counted, hexadecimal."
    )
    level = models.FloatField(help_text="Attempts, less what has leaked away since.")
    counted_at = models.DateTimeField(db_default=Now())
    free_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "attempt_counts"
        indexes = [models.Index(fields=["counted_at"], name="attempt_counts_by_time")]

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.level:.1f}"
