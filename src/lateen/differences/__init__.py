"""What a change of objects does to requests: per client and gateway, with the lines that cause it."""
