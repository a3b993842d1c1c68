"""A program that is forked is as one that is started: its words, folder, environment, output, status, signals, end."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EDGE = [sys.executable, "-m", "sukusuku_edge"]


@pytest.fixture(params=["warm", "cold"])
def env(request: pytest.FixtureRequest) -> dict[str, str]:
    """An environment; the cold one is other for Python itself, so that nothing can be forked."""
    return {**os.environ, **({"PYTHONHASHSEED": "1"} if request.param == "cold" else {})}


def test_its_folder_its_output_and_its_status_are_its_own(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "edge.toml").write_text("edge = 1\n")
    done = subprocess.run([*EDGE, "check", "edge.toml"], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"edge.toml" in done.stderr
    assert b"cannot be read" not in done.stderr


def test_a_killed_one_is_a_child_that_was_killed(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        words = ["probe", "sukusuku-retrofit-board", target, "--timeout", "60"]
        with subprocess.Popen([*EDGE, *words], env=env) as program:
            silent.accept()[0].close()
            program.send_signal(signal.SIGKILL)
            assert program.wait() == -signal.SIGKILL
            with pytest.raises(ChildProcessError):
                os.waitpid(program.pid, 0)
