"""Talk to vendors: every byte that leaves for one goes through a client in this package."""
