"""What is wrong with objects of kinds that Lateen does not carry out (api/foreign.py)."""
