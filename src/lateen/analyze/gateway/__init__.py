"""What is wrong with Gateways."""
