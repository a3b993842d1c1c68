"""Our programs, started from a process that has loaded them: only the first start of each costs a second of computing.

A program that has loaded its modules waits for orders and forks. What is forked is a process as any other: a child of
the test, with its own id, files, environment and signals. Python itself and the modules are not loaded anew; what is
tested about that says `subprocess.Popen` with `executable`, or starts `-c`.
"""

import array
import atexit
import importlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from ctypes import CDLL
from typing import Any

PROGRAMS = {"sukusuku_api", "sukusuku_api.reports", "sukusuku_collector", "sukusuku_edge", "sukusuku_sim"}
"""Packages whose `__main__` has a `main()` that returns the exit status."""
_OWN = ("PYTHON", "LD_", "OPENSSL", "OPENBLAS")
"""Beginnings of variables that matter while Python and its modules are loaded."""
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2): whoever loses its parent below this process becomes its child
_LENGTH = 4


def keep_programs_warm() -> None:
    """Have `subprocess`, and with it asyncio, start our programs from one that has loaded them."""
    if sys.platform == "linux":
        subprocess.Popen = _Popen  # type: ignore[misc]


class _Popen(subprocess.Popen[Any]):
    """Forks the programs of ours from one that has loaded them; starts everything else as ever."""

    def _execute_child(self, args: Any, executable: Any, preexec_fn: Any, *others: Any) -> None:
        close_fds, pass_fds, cwd, env, _, _, shell, *rest = others
        files, (_, gid, gids, uid, umask, session, group) = rest[:6], rest[6:]
        plain = close_fds and (executable, preexec_fn, gid, gids, uid) == (None,) * 5
        if not (plain and (shell, umask, session, group) == (False, -1, False, -1) and _is_ours(args, pass_fds, env)):
            super()._execute_child(args, executable, preexec_fn, *others)  # type: ignore[misc]
            return
        theirs = [files[0], files[3], files[5]]
        self.pid = _warm.fork(
            [os.fspath(arg) for arg in args[2:]],
            os.fspath(cwd or os.getcwd()),  # noqa: PTH109 - as a text
            env or os.environ,
            [number if fd == -1 else fd for number, fd in enumerate(theirs)],
        )
        self._child_created = True
        self._close_pipe_fds(*files)  # type: ignore[attr-defined]


def _is_ours(args: Any, pass_fds: Sequence[int], env: Mapping[str, str] | None) -> bool:
    return (
        isinstance(args, list | tuple)
        and list(args[:2]) == [sys.executable, "-m"]
        and args[2] in PROGRAMS
        and not pass_fds
        and (env is None or _own(env) == _own(os.environ))
    )


def _own(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.startswith(_OWN)}


class _Warm:
    """The process that forks programs, begun when the first is started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: socket.socket | None = None

    def fork(self, words: Sequence[str], cwd: str, env: Mapping[str, str], files: Sequence[int]) -> int:
        """Start a program with these words, the first being its name; return the id of the process."""
        order = json.dumps({"words": words, "cwd": cwd, "env": dict(env)}).encode()
        with self._lock:
            if self._orders is None:
                self._orders = self._begin()
            CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            try:
                self._orders.sendmsg(
                    [len(order).to_bytes(_LENGTH)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
                )
                self._orders.sendall(order)
                return int.from_bytes(self._orders.recv(_LENGTH, socket.MSG_WAITALL))
            finally:  # whatever else loses its parent goes to the first process of the machine, as ever
                CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)

    @staticmethod
    def _begin() -> socket.socket:
        ours, theirs = socket.socketpair()
        atexit.register(ours.close)
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            with warnings.catch_warnings(action="ignore", category=ResourceWarning):  # it ends when the tests end
                subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        return ours


_warm = _Warm()


def _take_orders(orders: socket.socket) -> None:
    """Fork programs until whoever gives orders has gone."""
    while True:
        begin, files, _, _ = socket.recv_fds(orders, _LENGTH, 3)
        if not begin:
            return
        order = json.loads(orders.recv(int.from_bytes(begin), socket.MSG_WAITALL))
        program = importlib.import_module(f"{order['words'][0]}.__main__")
        told, tells = os.pipe()
        between = os.fork()
        if between == 0:
            child = os.fork()
            if child == 0:
                for fd in (told, tells, orders.detach()):
                    os.close(fd)
                _run(program, order, files)
            os.write(tells, child.to_bytes(_LENGTH))
            os._exit(0)
        os.waitpid(between, 0)  # only then the program is a child of the test
        orders.sendall(os.read(told, _LENGTH))
        for fd in (told, tells, *files):
            os.close(fd)


def _run(program: Any, order: Mapping[str, Any], files: Sequence[int]) -> None:
    """Be this program; its end is the end of this process."""
    for number, fd in enumerate(files):
        os.dup2(fd, number)
    for fd in files:
        if fd > 2:
            os.close(fd)
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    sys.path[0] = order["cwd"]
    sys.argv = [str(program.__file__), *order["words"][1:]]
    sys.exit(program.main())


if __name__ == "__main__":
    _take_orders(socket.socket(fileno=int(sys.argv[1])))
