"""Real Ray whose autoscaler adds machines: workers that find no room are what it starts machines for.

The provider of machines is Ray's own stand-in, which starts each as processes here and expects the first at port 6379.
``ray.cluster_utils.AutoscalingCluster`` does the same, and ends every Ray of this machine before and after.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from proctor.lazy import is_installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed("ray"), reason="needs Ray: pip install '.[ray]'"),
    pytest.mark.skipif("CLUSTER_ROUNDS" not in os.environ, reason="takes minutes: `make cluster` runs it"),
]
PORT = 6379
TYPES = {
    "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
    "worker": {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2},
}
CLUSTER = {
    "cluster_name": "proctor",
    "max_workers": 2,
    "upscaling_speed": 1.0,
    "idle_timeout_minutes": 60,
    "provider": {
        "type": "fake_multinode",
        "use_node_id_as_ip": True,
        "disable_node_updaters": True,
        "disable_launch_config_check": True,
    },
    "available_node_types": TYPES,
    "head_node_type": "ray.head.default",
    "auth": {},
    "file_mounts": {},
    "cluster_synced_files": [],
    "file_mounts_sync_continuously": False,
    **{
        key: []
        for key in (
            *("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"),
            *("head_start_ray_commands", "worker_start_ray_commands"),
        )
    },
}
SCRIPT = f"""
import time
import ray
from proctor.models import MODELS, open_model
from proctor.models.dummy import DummyModel
from proctor.types import Generate, Text

class Slow(DummyModel):
    def respond(self, requests):
        for number, request in enumerate(requests):
            time.sleep(0.05)
            yield number, Text(request.prompt + " on " + ray.get_runtime_context().get_node_id())

MODELS.put("slow", lambda args, **_: Slow())
args = {{"pool": "ray", "ray_address": "127.0.0.1:{PORT}", "num_workers": 2, "cpus_per_worker": 1}}
pool = open_model("slow", args, device="cpu", lazily=True)
prompts = [Generate(f"prompt {{place}}", {{}}) for place in range(600)]
texts = dict(pool.respond(prompts))
assert {{place: text.text.split(" on ")[0] for place, text in texts.items()}} == dict(
    (place, prompt.prompt) for place, prompt in enumerate(prompts))
print(len({{text.text.split(" on ")[1] for text in texts.values()}}), pool.report()["pool"])
pool.close()
"""


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture
def environment(tmp_path):
    """A cluster of one machine without CPUs, which may have two more."""
    if is_open(PORT):
        pytest.skip(f"port {PORT}, which Ray's stand-in for machines wants, is in use")
    (tmp_path / "cluster.json").write_text(json.dumps(CLUSTER), "utf-8")
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "disabled",
        "RAY_FAKE_CLUSTER": "1",
        "AUTOSCALER_UPDATE_INTERVAL_S": "1",
    }
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={PORT}"]
    command += ["--num-cpus=0", "--include-dashboard=false", f"--autoscaling-config={tmp_path / 'cluster.json'}"]
    with (tmp_path / "head").open("wb") as log:
        head = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 180
        while b"--block" not in (tmp_path / "head").read_bytes():
            if head.poll() is not None or time.monotonic() > deadline:
                pytest.skip("Ray does not start here: " + (tmp_path / "head").read_text("utf-8")[-300:])
            time.sleep(0.5)
        yield environment
    finally:
        head.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            head.wait(60)
        with suppress(ProcessLookupError):
            os.killpg(head.pid, signal.SIGKILL)


def test_machines_are_started_for_workers_which_join_when_they_are_there(environment):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    nodes, report = done.stdout.strip().splitlines()[-1].split(" ", 1)
    assert nodes == "2"
    assert "'workers': 2, 'lost': 0" in report
