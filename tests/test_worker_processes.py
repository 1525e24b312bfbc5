"""Workers end with the process that started them."""

import subprocess
import sys
import time

import psutil

SCRIPT = """
import os
import time
from ctapipe_fastsim.worker_processes import worker_pool

if __name__ == "__main__":
    with worker_pool(2) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 1000)
        pool.submit(time.sleep, 1000)
"""
LONGEST = 20  # s


def test_workers_end_with_a_process_that_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as process:
        assert int(process.stdout.readline())
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(workers) >= 2
    end = time.monotonic() + LONGEST
    while any(map(at_work, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(at_work, workers))


def at_work(process):
    """Whether it neither ended nor waits for somebody to ask how."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
