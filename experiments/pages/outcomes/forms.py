"""What a person says came of an experiment, as it is typed."""

from uuid import UUID

from django import forms

from experiments import limits
from experiments.models import Experiment, Outcome
from experiments.outcomes.conclusions import Decision
from experiments.outcomes.support import Supported
from glozr.errors import Invalid

LEARNED_HELP = "For the next person who asks: what you would do again, and what not."
_FIELD_OF = {"outcome": "answer", "variant": "answer"}


class PutIntoUseForm(forms.Form):
    seen_revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class LearnedForm(forms.Form):
    use_required_attribute = False

    learned = forms.CharField(
        label="What was learned",
        required=False,
        max_length=limits.LEARNED,
        help_text=LEARNED_HELP,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    seen_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class ConcludeForm(forms.Form):
    """`answer` is an outcome, or the id of the variant that won; its choices are drawn by hand."""

    use_required_attribute = False

    answer = forms.ChoiceField()
    put_into_use = forms.BooleanField(required=False)
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=limits.REASON,
        help_text="Why you choose other than the verdict supports.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    learned = forms.CharField(
        label="What was learned",
        required=False,
        max_length=limits.LEARNED,
        help_text=LEARNED_HELP,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    seen_revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def for_experiment(self, experiment: Experiment) -> None:
        outcomes = [Outcome.NO_DIFFERENCE, Outcome.ABANDONED]
        winners = [(str(variant.pk), variant.name) for variant in experiment.variants.all()]
        answer = self.fields["answer"]
        assert isinstance(answer, forms.ChoiceField)
        answer.choices = [*winners, *((each.value, each.label) for each in outcomes)]

    @property
    def decision(self) -> Decision:
        typed = self.cleaned_data
        answer = typed["answer"]
        has_won = answer not in Outcome.values
        return Decision(
            outcome=Outcome.WON if has_won else answer,
            variant=UUID(answer) if has_won else None,
            learned=typed["learned"],
            reason=typed["reason"],
            put_into_use=has_won and typed["put_into_use"],
        )

    def tell(self, invalid: Invalid) -> None:
        for error in invalid.errors:
            self.add_error(_FIELD_OF.get(error.field, error.field), error.detail)


def answer_of(supported: Supported) -> str:
    """What is preselected."""
    return str(supported.winner or supported.outcome.value)
