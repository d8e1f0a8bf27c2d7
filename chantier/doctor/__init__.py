"""What must be right before the rest can work: here, in the account, and on the way to it."""
