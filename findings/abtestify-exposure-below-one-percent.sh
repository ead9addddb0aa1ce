#!/usr/bin/env bash
# Package: abtestify 0.3.1 (PyPI; a bucketing library without dependencies).
# Seen: with the default split of 50:50, an experiment whose exposure is 0.5 %
#   (or 0.1 %, 0.25 %) puts every exposed person into treatment and nobody into
#   control. At 1.5 % the arms stand 2:1, at 2.5 % 3:2; only whole percentages
#   of exposure keep the split. A split of 0.5 % gives 1 %, one of 99.5 % leaves
#   no control at all.
# Why: one number 0..9999 serves both decisions: its hundreds decide exposure, its
#   last two digits the arm. Half of the first hundred numbers is exactly the half
#   that means "treatment".
# Surprise: both options are floats described as percentages, fractions are taken
#   without a word. The README tells which digits are used, and from that only the
#   virtues (raising exposure adds people only), not that the arms depend on exposure.
# Who meets it: whoever ramps up a risky arm carefully (0.1 %, 0.5 %, 1 %): the
#   sample-ratio check fires from the start, or there is no control to compare with.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check abtestify==0.3.1 2>pip.log || { cat pip.log; exit 1; }
venv/bin/python - <<'PY'
from collections import Counter
from hashlib import sha256
from abtestify import get_ab_experiment_bucket as assign

N = 40_000
def arms(**options):
    c = Counter(assign("greeting", f"visitor-{i}", **options).resolved_variant for i in range(N))
    return c["treatment"], c["control"]

seen = {e: arms(exposure=e) for e in (0.1, 0.25, 0.5, 1, 1.5, 2.5, 5)}
for e, (t, c) in seen.items():
    print(f"exposure {e:>4} %, split 50 %: treatment {t:>4}, control {c:>4}")
assert seen == {0.1: (46, 0), 0.25: (104, 0), 0.5: (204, 0), 1: (204, 183), 1.5: (420, 183),
                2.5: (611, 399), 5: (1052, 972)}, seen
# Whole percentages: near 1:1. Half ones: near 2:1 and 3:2.
for e, share in ((1, 1 / 2), (5, 1 / 2), (1.5, 2 / 3), (2.5, 3 / 5)):
    t, c = seen[e]
    assert abs(t / (t + c) - share) < 4 * (share * (1 - share) / (t + c)) ** 0.5, (e, t, c)

split = {s: arms(treatment_split=s) for s in (0.5, 1, 99.5)}
for s, (t, c) in split.items():
    print(f"exposure 100 %, split {s:>4} %: treatment {t:>5}, control {c:>5}")
assert split == {0.5: (417, 39583), 1: (417, 39583), 99.5: (N, 0)}, split

# Checked without the library: exact counts over all 10,000 numbers.
def exact(exposure):
    inside = [b for b in range(10_000) if b / 100 < exposure]
    return sum(b % 100 < 50 for b in inside), len(inside)
assert exact(0.5) == (50, 50) and exact(1.5) == (100, 150) and exact(2.5) == (150, 250)
for i in range(2000):
    b = int.from_bytes(sha256(f"greeting:visitor-{i}".encode()).digest()[:8], "big") * 10_000 >> 64
    want = "ignore" if b >= 150 else "treatment" if b % 100 < 50 else "control"
    assert assign("greeting", f"visitor-{i}", exposure=1.5).resolved_variant == want
print("as described")
PY
