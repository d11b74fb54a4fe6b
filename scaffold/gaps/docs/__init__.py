"""Rules of the layer docs, one module each, and its card."""
