"""Rules of the layer logging, one module each, and its card."""
