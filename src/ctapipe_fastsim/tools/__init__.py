"""Command-line tools: options, set-up and the order of steps; the work is done elsewhere."""
