"""Rules of the layer supply-chain, one module each, and its card."""
