"""Rules of the layer iac, one module each, and its card."""
