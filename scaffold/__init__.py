"""scaffold: audits a Docker Compose project for what production still needs, and writes it."""
