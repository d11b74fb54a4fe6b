"""The two ways in which a run can end badly, each with a place."""


class AppError(Exception):
    """The plan or a resource is wrong; `path` is the place in the plan or the construct's path."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        self.message = message
        super().__init__(f"{path}: {message}")


class PlanError(AppError):
    """The plan on stdin is not what plan.py describes."""


class BuildError(AppError):
    """A resource has an argument that the provider's schema refuses, or a name that is taken."""
