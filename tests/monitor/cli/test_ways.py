"""A network namespace that cannot be entered is said at the start, not in every round."""

from __future__ import annotations

import subprocess
import sys

CONFIG = """
targets:
- {id: kloop-ru, urls: ["https://kloop.kg/"]}
vantage_points:
- {id: megacom, namespace: no-such-namespace}
"""


def test_a_run_refuses_a_namespace_that_is_not_there(tmp_path) -> None:
    """One line, exit code 1, and the namespace's name is not repeated."""
    (tmp_path / "targets.yaml").write_text(CONFIG)
    here = ["--config", str(tmp_path / "targets.yaml"), "--data-dir", str(tmp_path / "data")]
    command = [sys.executable, "-m", "monitor", *here, "run", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"COLUMNS": "300"})
    assert done.returncode == 1
    assert "vantage point megacom: its network namespace cannot be entered" in done.stderr
    assert "no-such-namespace" not in done.stdout + done.stderr
    assert not (tmp_path / "data").exists()
