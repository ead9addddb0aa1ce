"""The summaries are compared with the raw rows, and repaired."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from experiments import lifecycle
from experiments.models import Experiment, VariantTotals
from tests.factories import unused_id
from tests.runtime import Runtime

pytestmark = pytest.mark.django_db


class TestVerification:
    def test_passes_when_every_figure_equals_the_rows(
        self, experiment: Experiment, runtime: Runtime, capsys: Any
    ) -> None:
        runtime.say("ada", unused_id())
        call_command("verify_results", str(experiment.pk))

    def test_names_the_difference_and_repairs_it(
        self, experiment: Experiment, runtime: Runtime, capsys: Any
    ) -> None:
        runtime.say("ada", unused_id())
        call_command("fold_results", "--once")
        VariantTotals.objects.update(messages=7)
        with pytest.raises(CommandError, match="2 figures differ"):
            call_command("verify_results", str(experiment.pk))
        assert "messages: the rows say 1, the summary says 7" in capsys.readouterr().err
        call_command("verify_results", str(experiment.pk), "--repair")
        assert VariantTotals.objects.get().sums.messages == 1

    def test_works_for_a_deleted_experiment(self, experiment: Experiment, runtime: Runtime) -> None:
        runtime.say("ada", unused_id())
        lifecycle.delete(experiment, by=None)
        call_command("verify_results", str(experiment.pk))
