"""One adapter a tool, each giving findings."""
