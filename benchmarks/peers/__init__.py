"""What others compute, each in a virtual environment of its own."""
