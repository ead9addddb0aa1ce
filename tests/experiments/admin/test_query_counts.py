"""Pages of the admin take few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments import lifecycle
from experiments.models import Experiment
from tests.experiments.admin.site import change, signed_in
from tests.roles import Cast
from tests.runtime import Runtime
from tests.world import MAX_QUERIES


@pytest.mark.parametrize("who", ["admin", "editor", "superuser"])
def test_pages_take_few_queries_whatever_the_number_of_rows(
    who: str, cast: Cast, experiment: Experiment, runtime: Runtime
) -> None:
    client = signed_in(getattr(cast, who))
    lifecycle.start(experiment, by=cast.owner)
    for wanted in (1, 200):
        have = Experiment.objects.count()
        Experiment.objects.bulk_create(
            Experiment(agent=cast.agent, name=f"Number {have + n}", kind="cta")
            for n in range(wanted - have)
        )
        runtime.resolve(f"visitor-{wanted}")
        for model in ("experiment", "variant", "event", "assignment", "pendingcount"):
            with CaptureQueriesContext(connection) as queries:
                response = client.get(f"/admin/experiments/{model}/")
            assert response.context["cl"].result_list
            assert len(queries) <= MAX_QUERIES, (model, [each["sql"] for each in queries])
        with CaptureQueriesContext(connection) as queries:
            client.get(change(experiment))
        assert len(queries) <= MAX_QUERIES, [each["sql"] for each in queries]
