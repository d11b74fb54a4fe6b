"""Rules of the layer compose, one module each, and its card."""
