#!/usr/bin/env bash
# Packages: statsmodels 0.15.0, scipy 1.17.1, numpy 2.4.6.
# Seen: proportions_ztest of a metric on which nobody converted (0/500, 0/510) is NaN.
#   With this one NaN in a family of five, multipletests
#   - fdr_bh, fdr_tsbh, fdr_tsbky (three metrics), fdr_by and simes-hochberg (two): every
#     corrected p-value is NaN, and the decisions beside them are still True;
#   - hommel and fdr_gbs: nothing is rejected any more, not even p = 0.001;
#   - bonferroni, holm and their sidak forms: only the NaN's own place is NaN (it counts as a test).
#   So the choice of method decides whether one empty metric harms the others.
#   scipy's false_discovery_control refuses the same family with a ValueError.
# Surprise: the documentation does not mention NaN; a reader of "corrected < 0.05" finds
#   nothing significant, a reader of "reject" three winners, from one call.
# Who meets it: an experiment's table of metrics early on, when one is still at 0 in
#   both arms (or at 100 %): leave such rows out before correcting, and put them back.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check statsmodels==0.15.0 scipy==1.17.1 \
  numpy==2.4.6 2>pip.log || { cat pip.log; exit 1; }
venv/bin/python -W ignore::RuntimeWarning - <<'PY'
import numpy as np
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

empty = proportions_ztest([0, 0], [500, 510])[1]
assert np.isnan(empty) and np.isnan(proportions_ztest([500, 510], [500, 510])[1])
known = np.array([0.001, 0.004, 0.02, 0.6])
family = np.array([0.001, 0.004, empty, 0.02, 0.6])
keep = ~np.isnan(family)

want = {  # decisions in the family with NaN; do the other four keep a corrected p-value?
    "bonferroni": ([1, 1, 0, 0, 0], True), "sidak": ([1, 1, 0, 0, 0], True),
    "holm": ([1, 1, 0, 0, 0], True), "holm-sidak": ([1, 1, 0, 0, 0], True),
    "simes-hochberg": ([1, 1, 0, 0, 0], False), "hommel": ([0, 0, 0, 0, 0], False),
    "fdr_bh": ([1, 1, 0, 1, 0], False), "fdr_by": ([1, 1, 0, 0, 0], False),
    "fdr_tsbh": ([1, 1, 0, 1, 0], False), "fdr_tsbky": ([1, 1, 0, 1, 0], False),
    "fdr_gbs": ([0, 0, 0, 0, 0], False)}
for method, (decisions, survive) in want.items():
    reject, corrected = multipletests(family, method=method)[:2]
    clean = multipletests(known, method=method)[0].astype(int).tolist()
    print(f"{method:<15} reject {reject.astype(int)}  corrected {np.round(corrected, 4)}  without NaN {clean}")
    assert reject.astype(int).tolist() == decisions, method
    assert (~np.isnan(corrected[keep])).all() if survive else np.isnan(corrected).all(), method
    assert clean[:2] == [1, 1], method      # without the NaN every method rejects these two

# Checked by hand: step-up over the four known values with the five as count.
steps = np.sort(known) * 5 / np.arange(1, 5)
by_hand = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1)
print("Benjamini-Hochberg by hand, NaN counted as a test:", by_hand)
assert np.allclose(by_hand, [0.005, 0.01, 0.1 / 3, 0.75])
assert np.allclose(false_discovery_control(known), multipletests(known, method="fdr_bh")[1])
try:
    false_discovery_control(family)
    raise SystemExit("scipy took NaN")
except ValueError as e:
    print("scipy:", e)
print("as described")
PY
