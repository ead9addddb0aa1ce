"""Arms of all sizes, for hypothesis."""

from hypothesis import strategies as st

from experiments.statistics.arms import Proportion

proportions = st.integers(0, 3000).flatmap(
    lambda n: st.builds(Proportion, st.just(n), st.integers(0, n))
)
