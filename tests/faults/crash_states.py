"""What a disk may hold after a power cut, by the rules of POSIX and no kinder ones.

Of a file that was not stored, any part may be missing, or be zeros.  Of the names that changed in a
folder since it was stored, each may be as it was or as it became, whatever the others are, and
whatever else was stored since.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from operations import Operation

#: Names to the contents that they may have after a power cut; None for a name that is not there.
State = dict[Path, bytes | None]


@dataclass
class _File:
    """Its content as processes see it, and what was stored of it."""

    now: bytes = b""
    stored: bytes = b""

    def left(self) -> list[bytes]:
        if self.now == self.stored:
            return [self.now]
        length = len(self.now)
        return [self.now, self.stored, b"", self.now[: length // 2], bytes(length)]


class _Folder:
    """A folder has no content but its names."""


@dataclass
class Disk:
    """Follows operations; `left` is what can be there if the power fails after the last of them.

    Attributes:
        names: for each name, what it has stood for since its folder was stored, the latest last.
    """

    names: dict[Path, list[_File | _Folder | None]] = field(default_factory=dict)

    @classmethod
    def after(cls, operations: Iterable[Operation]) -> "Disk":
        """A disk that was empty before."""
        disk = cls()
        for operation in operations:
            disk.follow(operation)
        return disk

    def follow(self, operation: Operation) -> None:
        """One more operation."""
        match operation:
            case Operation("create", path):
                self._set(path, _File())
            case Operation("make folder", path):
                self._set(path, _Folder())
            case Operation("write", path, content):
                self._file(path).now += content
            case Operation("store", path):
                self._file(path).stored = self._file(path).now
            case Operation("rename", old, new):
                self._set(new, self._file(old))
                self._set(old, None)
            case Operation("remove", path):
                self._set(path, None)
            case Operation("store folder", folder):
                for path, meanings in self.names.items():
                    if path.parent == folder:
                        del meanings[:-1]

    def left(self) -> Iterator[State]:
        """Every state that is legal now, of visible names; there may be others twice."""
        visible = [path for path in self.names if not path.name.endswith(".tmp")]
        choices = [self._choices(path) for path in visible]
        for contents in itertools.product(*choices):
            state = dict(zip(visible, contents, strict=True))
            yield {path: content for path, content in state.items() if _reachable(path, state)}

    def _set(self, path: Path, meaning: _File | _Folder | None) -> None:
        self.names.setdefault(path, [None]).append(meaning)

    def _file(self, path: Path) -> _File:
        file = self.names[path][-1]
        assert isinstance(file, _File)
        return file

    def _choices(self, path: Path) -> list[bytes | type[_Folder] | None]:
        choices = []
        for meaning in self.names[path]:
            match meaning:
                case _File():
                    choices += meaning.left()
                case _Folder():
                    choices.append(_Folder)
                case None:
                    choices.append(None)
        return list(dict.fromkeys(choices))


def _reachable(path: Path, state: dict) -> bool:
    """Whether a name is there, and all folders above that came with it."""
    above = [folder for folder in path.parents if folder in state]
    return state[path] is not None and all(state[folder] is _Folder for folder in above)


def rebuild(state: State, root: Path, folder: Path) -> None:
    """Put a state on a real disk: what was under one folder, under another."""
    for path, content in state.items():
        place = folder / path.relative_to(root)
        if isinstance(content, bytes):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def states(operations: Sequence[Operation], backwards: bool = False) -> Iterator[tuple[int, State]]:
    """Each state after each number of operations; one that is seen again with nothing more
    promised meanwhile is left out."""
    numbers = range(1, len(operations) + 1)
    known: set[tuple[int, frozenset]] = set()
    for number in reversed(numbers) if backwards else numbers:
        done = operations[:number]
        promised = sum(operation.name == "promise" for operation in done)
        for state in Disk.after(done).left():
            key = promised, frozenset(state.items())
            if key not in known:
                known.add(key)
                yield number, state
