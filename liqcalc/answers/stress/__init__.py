"""An account under moves of the market."""
