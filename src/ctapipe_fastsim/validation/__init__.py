"""How well do generated images match Monte Carlo? Knows nothing of the network."""
