#!/usr/bin/env bash
# Packages: growthbook 4.0.0 (PyPI) with numpy 2.4.6.
# Seen: a person whose id attribute is a uuid.UUID, a numpy whole number or a Decimal
#   counts as having no id: the experiment is skipped, the first variation is shown,
#   the viewed-callback is not called, and a rollout at coverage 1.0 (everyone) answers
#   with the default. A numpy float of the same value works, since it is a Python float.
#   Id 0 is no id either. No error and no warning; one line at level DEBUG.
# Surprise: str(uuid) is the obvious reading and uuid objects are what Django's primary
#   keys are. The README says that attributes can be of any JSON type, not that another
#   type means "nobody"; and nobody guesses that np.int64(7) and np.float64(7) differ.
# Who meets it: Django code that passes user.pk from a UUIDField, and anybody who
#   replays assignments over a data frame or array: a column of whole numbers puts all
#   into control, and the same column with one missing value (hence floats) splits.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check growthbook==4.0.0 numpy==2.4.6 2>pip.log \
  || { cat pip.log; exit 1; }
venv/bin/python -W error::UserWarning - <<'PY'
import logging, uuid
from collections import Counter
from decimal import Decimal
import numpy as np
from growthbook import Experiment, GrowthBook

records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append(record)
logging.getLogger().addHandler(Keep())
logging.getLogger().setLevel(logging.INFO)

def look(person):
    views = []
    gb = GrowthBook(attributes={"id": person}, on_experiment_viewed=lambda *a, **k: views.append(a),
                    features={"all": {"defaultValue": False, "rules": [{"force": True, "coverage": 1.0}]}})
    r = gb.run(Experiment(key="greeting", variations=["control", "new"], weights=[0.0, 1.0]))
    return r.value, r.inExperiment, len(views), gb.is_on("all")

u = uuid.UUID("0192f0c1-7c7a-7abc-8def-0123456789ab")
IN, OUT = ("new", True, 1, True), ("control", False, 0, False)
cases = [(u, OUT), (str(u), IN), (7, IN), (np.int64(7), OUT), (np.float64(7), IN), (Decimal(7), OUT),
         ("7", IN), (0, OUT), ("0", IN)]
for person, want in cases:
    got = look(person)
    print(f"{person!r:<48} value, in experiment, callbacks, 100 % rollout: {got}")
    assert got == want, (person, got)

def split(ids):
    e = Experiment(key="greeting", variations=["control", "new"])
    return Counter(GrowthBook(attributes={"id": i}).run(e).value for i in ids)
whole, floats, plain = (split(x) for x in (np.arange(1, 1001), np.arange(1.0, 1001.0), range(1, 1001)))
print("1,000 ids: numpy whole numbers", dict(whole), "numpy floats", dict(floats))
assert whole == {"control": 1000}
assert floats == plain == {"control": 515, "new": 485}
assert records == [], records
print("as described")
PY
