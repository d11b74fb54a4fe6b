"""Rules of the layer tracing, one module each, and its card."""
