"""Where people are signed in."""

from django.db import models
from django.db.models.functions import Now

from agents.models.user import User


class UserSession(models.Model):
    """One sign-in of a person, beside Django's own row, which doesn't say whose it is.

    Not django-allauth's `usersessions`: that keeps whole IP addresses, writes at every request and
    reads all of a person's sessions one by one.
    """

    key = models.CharField(max_length=40, primary_key=True, help_text="Of Django's session.")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    network = models.CharField(max_length=64)
    browser = models.CharField(max_length=200, help_text="As the browser names itself.")
    began_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "user_sessions"
        ordering = ["-seen_at", "key"]

    def __str__(self) -> str:
        return f"{self.user}, {self.network}"
