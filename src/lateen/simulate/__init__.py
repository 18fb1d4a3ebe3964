"""A request through the very resources that a proxy would get → a trace with reasons."""
