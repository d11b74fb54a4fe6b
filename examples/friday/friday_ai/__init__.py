"""Friday, an agent that works through a task with tools."""

__version__ = "1.0.0"
