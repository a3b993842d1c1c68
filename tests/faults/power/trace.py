"""What a process does to its files, in order, read from strace."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "open,openat,creat,close,dup,dup2,dup3,write,pwrite64,writev,pwritev,ftruncate,truncate,fsync,fdatasync,"
    "sync_file_range,rename,renameat,renameat2,unlink,unlinkat,link,linkat,fallocate"
)
SECONDS = 900
"""Until a writer that has not ended hangs; most take some seconds."""
ANNOUNCE = 1
"""File descriptor on which the writer says what has been committed."""

_CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_BEGUN = re.compile(r"^(?P<pid>\d+) +(?P<text>\w+\(.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"^(?P<pid>\d+) +<\.\.\. \w+ resumed>(?P<text>.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Create:
    """An empty file appears in the directory under a name."""

    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes written into a file."""

    file: int
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file made shorter or longer."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """fsync or fdatasync of a file; of the directory when `file` is None."""

    file: int | None


@dataclass(frozen=True, slots=True)
class Rename:
    """A name of the directory changed."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Unlink:
    """A name of the directory removed."""

    name: str


@dataclass(frozen=True, slots=True)
class Announce:
    """The writer has said that so many steps are committed."""

    steps: int


Op = Create | Write | Truncate | Sync | Rename | Unlink | Announce


def record(command: Sequence[str], folder: Path, log: Path, cwd: Path) -> list[Op]:
    """Run a program that writes into `folder`, and tell what it did there.

    Only what goes through file calls is seen: shared memory (`-shm`) is not, and need not be, since no reboot keeps it.
    """
    strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-xx", "-s", str(1 << 24), "-e", f"trace={CALLS}", "-o", str(log)]
    done = subprocess.run(
        [*strace, *command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the writer ended with {done.returncode}: {done.stderr.decode(errors='replace')[-1500:]}")
    with log.open(encoding="ascii") as lines:
        return list(Reader(folder).read(lines))


class Reader:
    """Follows the file descriptors that lead into one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._open: dict[int, int | None] = {}  # descriptor -> file, None for the folder itself
        self._position: dict[int, int] = {}
        self._names: dict[str, int] = {}
        self._files = 0

    def read(self, lines: Iterable[str]) -> Iterator[Op]:
        """The operations of a trace, each where its call returned."""
        for line in _whole(lines):
            call = _CALL.match(line)
            if call is not None and not call["result"].startswith("-"):
                yield from self._call(call["name"], call["arguments"], int(call["result"]))

    def _call(self, name: str, arguments: str, result: int) -> Iterator[Op]:
        if name in {"open", "openat", "creat"}:
            yield from self._opened(arguments, result)
        elif name in {"rename", "renameat", "renameat2", "unlink", "unlinkat", "truncate", "link", "linkat"}:
            yield from self._directory(name, arguments)
        else:
            yield from self._descriptor(name, arguments, result)

    def _opened(self, arguments: str, descriptor: int) -> Iterator[Op]:
        path = _texts(arguments)[0].decode()
        self._open.pop(descriptor, None)
        if path == self._folder:
            self._open[descriptor] = None
        entry = self._entry(path)
        if entry is None:
            return
        if entry not in self._names:
            self._files += 1
            self._names[entry] = self._files
            yield Create(entry, self._files)
        elif "O_TRUNC" in arguments:
            yield Truncate(self._names[entry], 0)
        if "O_APPEND" in arguments:
            raise NotImplementedError(f"appending is not followed: {path}")
        self._open[descriptor] = self._names[entry]
        self._position[descriptor] = 0

    def _directory(self, name: str, arguments: str) -> Iterator[Op]:
        entries = [self._entry(text.decode()) for text in _texts(arguments)]
        if all(entry is None for entry in entries):
            return
        old = entries[0]
        if old is None or name in {"truncate", "link", "linkat"}:
            raise NotImplementedError(f"{name} is not followed: {arguments}")
        file = self._names.pop(old)
        if name.startswith("unlink"):
            yield Unlink(old)
        elif entries[1] is None:
            raise NotImplementedError(f"a move out of the folder is not followed: {old}")
        else:
            self._names[entries[1]] = file
            yield Rename(old, entries[1])

    def _descriptor(self, name: str, arguments: str, result: int) -> Iterator[Op]:
        numbers = [int(number) for number in _NUMBER.findall(_TEXT.sub("", arguments))]
        descriptor = numbers[0]
        if name == "write" and descriptor == ANNOUNCE:
            yield Announce(int(_texts(arguments)[0]))
            return
        if descriptor not in self._open:
            return
        file = self._open[descriptor]
        if name == "close":
            del self._open[descriptor]
        elif name in {"fsync", "fdatasync"}:
            yield Sync(file)
        elif file is None:
            raise NotImplementedError(f"{name} of a directory")
        elif name == "pwrite64":
            yield Write(file, numbers[-1], _texts(arguments)[0][:result])
        elif name == "write":
            yield Write(file, self._position[descriptor], _texts(arguments)[0][:result])
            self._position[descriptor] += result
        elif name == "ftruncate":
            yield Truncate(file, numbers[1])
        elif name != "fallocate":  # room, no content
            raise NotImplementedError(f"{name} is not followed")

    def _entry(self, path: str) -> str | None:
        """The name in the folder that a path leads to; None when it leads elsewhere, or to what no crash leaves."""
        folder, _, name = path.rpartition("/")
        return name if folder == self._folder and not name.endswith(("-shm", ".ballast")) else None


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a trace; a call that was interrupted by another thread's stands where it returned."""
    begun: dict[str, str] = {}
    for line in lines:
        if (start := _BEGUN.match(line)) is not None:
            begun[start["pid"]] = start["text"]
        elif (end := _ENDED.match(line)) is not None:
            yield f"{end['pid']} {begun.pop(end['pid'])}{end['text']}"
        else:
            yield line


def _texts(arguments: str) -> list[bytes]:
    return [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
