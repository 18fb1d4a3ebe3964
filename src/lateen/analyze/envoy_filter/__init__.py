"""What is wrong with EnvoyFilters."""
