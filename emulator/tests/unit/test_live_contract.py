"""The contract suite against a service whose account is in the environment."""

import os
import subprocess
import sys
from pathlib import Path

from neev_emulator import Durations, Settings, serve

SUITE = Path(__file__).parents[1] / "contract" / "test_control_plane.py"


def test_the_contract_suite_runs_on_a_configured_service_and_deletes_its_objects() -> None:
    quick = Durations(create=0.05, fork=0.05, addressable=0.02, pause=0.03, resume=0.03, rollback=0.03, delete=0.5)
    with serve(Settings(api="0.8", durations=quick)) as running:
        env = {
            **os.environ,
            "NEEV_LIVE": "1",
            "NEEV_BASE_URL": running.base_url,
            "NEEV_API_KEY": running.api_key,
            "NEEV_ORG_ID": running.org_id,
            "NEEV_PROJECT_ID": running.project_id,
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", str(SUITE)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert "passed" in done.stdout
        assert "skipped" in done.stdout
        assert running.counts()["POST /sandboxes"] > 0
        state = running.state()
        assert (state["sandboxes"], state["snapshots"], state["agents"]) == (0, 0, 0)
