#!/usr/bin/env bash
# Packages: openfeature-flagd-core 2.0.0 (PyPI, which openfeature-provider-flagd 0.6.1
#   requires) with openfeature-sdk 0.10.0, and @openfeature/flagd-core 4.0.1 (npm):
#   the evaluators behind flagd's in-process providers.
# Seen: the same flag file with a "fractional" 50:50 rule and the same targeting keys
#   give different variants in Python and in Node for 497 of 1,000 people, no better
#   than two independent coins. Each side by itself is even and sticky.
# Why: Python hashes the CBOR form of the list [flag key, targeting key]; Node hashes
#   the two strings joined: one side has moved to the newer scheme, the other has not.
#   Neither README names its hash; no field of the flag file or result tells which.
# Also: a whole number as the bucketing value splits people in Python; in Node the
#   rule yields nothing and everyone silently gets the default variant.
# Surprise: one flag definition for all languages, with the same person in the same
#   variant everywhere, is what flagd's shared targeting rules are for.
# Who meets it: a Django back end and a Node chat widget that read the same flags: half
#   of the visitors see one arm and are counted in the other. Assign in one place.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openfeature-flagd-core==2.0.0 \
  openfeature-sdk==0.10.0 mmh3==5.3.1 cbor2==5.9.0 2>pip.log || { cat pip.log; exit 1; }
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund @openfeature/flagd-core@4.0.1 @openfeature/core@1.12.0
cat >flags.json <<'JSON'
{"flags": {
  "greeting": {"state": "ENABLED", "variants": {"a": "A", "b": "B"}, "defaultVariant": "a",
    "targeting": {"fractional": [["a", 50], ["b", 50]]}},
  "by-account": {"state": "ENABLED", "variants": {"a": "A", "b": "B"}, "defaultVariant": "a",
    "targeting": {"fractional": [{"var": "account"}, ["a", 50], ["b", 50]]}}}}
JSON
cat >node.js <<'JS'
const { FlagdCore } = require('@openfeature/flagd-core');
const core = new FlagdCore();
core.setConfigurations(require('fs').readFileSync('flags.json', 'utf8'));
const run = (flag) => Array.from({ length: 1000 }, (_, i) => core.resolveStringEvaluation(
  flag, 'none', { targetingKey: `visitor-${i}`, account: i }).variant).join('');
console.log(JSON.stringify({ greeting: run('greeting'), account: run('by-account') }));
JS
node node.js >node.json
venv/bin/python - <<'PY'
import json, pathlib
import cbor2, mmh3
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

core = FlagdCore()
core.set_flags(pathlib.Path("flags.json").read_text())
def run(flag):
    return "".join(core.resolve_string_value(
        flag, "none", EvaluationContext(f"visitor-{i}", {"account": i})).variant for i in range(1000))
node = json.loads(pathlib.Path("node.json").read_text())
py, js = run("greeting"), node["greeting"]
differ = sum(p != n for p, n in zip(py, js))
print(f"greeting: b in Python {py.count('b')}, in Node {js.count('b')}, of 1000; they differ for {differ}")
acc_py, acc_js = run("by-account").count("b"), node["account"].count("b")
print(f"by-account (whole numbers): b in Python {acc_py}, in Node {acc_js}, of 1000")
assert (differ, py.count("b"), js.count("b"), acc_py, acc_js) == (497, 495, 500, 504, 0)

# Checked without either evaluator: the two hashes, then the same arithmetic.
arm = lambda raw: "ab"[(mmh3.hash(raw, signed=False) * 100 >> 32) >= 50]
assert py == "".join(arm(cbor2.dumps(["greeting", f"visitor-{i}"], canonical=True)) for i in range(1000))
assert js == "".join(arm(f"greetingvisitor-{i}".encode()) for i in range(1000))
print("as described")
PY
