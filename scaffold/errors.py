"""Errors that end a command, each with its exit code and a message that says where, what and what to do."""


class ScaffoldError(Exception):
    """A failure that the user can act on; `exit_code` is what the process returns."""

    exit_code = 70

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class UsageError(ScaffoldError):
    """Arguments or scaffold.yaml ask for something that does not exist or is not allowed (exit 2)."""

    exit_code = 2


class NothingToReadError(ScaffoldError):
    """No compose file and no workflow could be read, and nothing else shows an application (exit 3)."""

    exit_code = 3


class ToolError(ScaffoldError):
    """A required program or extra is missing, or failed (exit 4)."""

    exit_code = 4


class ConflictError(ScaffoldError):
    """Writing would overwrite what the user changed, or the target refuses the write (exit 1)."""

    exit_code = 1


class UnsafePathError(ScaffoldError):
    """A path leaves the project, or names something that is not a regular file (exit 1)."""

    exit_code = 1
