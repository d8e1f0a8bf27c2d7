"""Messages that something went wrong with: where they lie, and how they go on from there."""
