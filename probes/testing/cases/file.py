"""Reading a whole case file: a faulty file is one error that names every faulty case."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from probes.testing.cases.case import Case, case_from, setting_from
from probes.testing.cases.reading import CaseError, Fields
from probes.testing.cases.world import WORLD


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a file, in its order.

    CaseError, on one line, where the file cannot be read, is no JSON, or has faulty cases; a manipulation of an unknown
    kind only makes its own case `unsupported`.
    """
    top = Fields(_load(path), str(path))
    setting = setting_from(top.object("environment"), WORLD)
    cases, faults = [], []
    for keys in top.objects("cases"):
        try:
            cases.append(case_from(keys, setting))
        except CaseError as fault:
            faults.append(str(fault).removeprefix(f"{path}: "))
    faults += [f"two cases are called {name!r}" for name, count in Counter(c.name for c in cases).items() if count > 1]
    if faults:
        raise CaseError(f"{path}: {'; '.join(faults)}")
    return tuple(cases)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as fault:
        raise CaseError(f"{path}: cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise CaseError(f"{path}: is no text in UTF-8") from fault
    except json.JSONDecodeError as fault:
        raise CaseError(f"{path}: line {fault.lineno}: is no JSON: {fault.msg}") from fault
    except RecursionError as fault:
        raise CaseError(f"{path}: is nested too deeply to be a case file") from fault
