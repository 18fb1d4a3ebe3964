"""What each proxy acknowledged."""
