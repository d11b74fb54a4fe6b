"""A client for clusters that the agent is allowed to work on."""
