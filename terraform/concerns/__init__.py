"""One module a concern; each adds its resources to the stack and hands on what others refer to."""
