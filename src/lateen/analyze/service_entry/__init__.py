"""What is wrong with ServiceEntries."""
