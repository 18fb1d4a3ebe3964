"""Rules for single values. A function that takes a value returns what is wrong with it, and "" when nothing is."""
