"""One parent process per mesh: a lock that the kernel gives back when its holder ends, however it ends."""

import fcntl
import os
from pathlib import Path


class AlreadyRunningError(Exception):
    """A mesh of this name runs."""


class MeshLock:
    """Holds a mesh's lock file for as long as the process lives."""

    def __init__(self, path: Path) -> None:
        """Take the lock and write this process's id into the file.

        Raises:
            AlreadyRunningError: somebody holds it; the text names the process.
        """
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._fd, 32, 0).decode().strip()
            os.close(self._fd)
            raise AlreadyRunningError(holder) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._fd)
