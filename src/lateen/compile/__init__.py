"""The top queries: facts → resources for a view of a proxy."""
