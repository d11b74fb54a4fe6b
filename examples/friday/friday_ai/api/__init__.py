"""The HTTP side of the agent."""
