"""Rules of the layer scaling, one module each, and its card."""
