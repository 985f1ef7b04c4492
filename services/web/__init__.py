"""The web node: serves front pages from its own copies."""
