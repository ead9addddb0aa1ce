"""The specification's reference vectors: beside the repository, or the copy kept in it."""

import json
import os
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BESIDE = HERE.parents[2] / "shared" / "spec"
COPY = HERE / "vectors"


def vectors(name: str) -> Any:
    """The vectors of `name`, such as "statistics": from the file that STATISTICS_VECTORS names,
    else as the specification has them now, else as it had them when they were copied."""
    file = f"{name}-vectors.json"
    named = os.environ.get(f"{name.upper().replace('-', '_')}_VECTORS")
    beside = BESIDE / file
    path = Path(named) if named else beside if beside.exists() else COPY / file
    return json.loads(path.read_text())
