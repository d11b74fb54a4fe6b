"""Watching the agent's own limits while it runs."""
