"""Rules of the layer metrics, one module each, and its card."""
