"""Text, JSON, SARIF and Markdown, each through its own wire shape."""
