"""Measuring what the agent does."""
