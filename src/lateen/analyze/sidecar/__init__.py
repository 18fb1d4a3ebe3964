"""What is wrong with Sidecars."""
