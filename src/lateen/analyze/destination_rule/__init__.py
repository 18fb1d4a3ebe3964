"""What is wrong with DestinationRules."""
