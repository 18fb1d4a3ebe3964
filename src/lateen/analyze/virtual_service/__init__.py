"""What is wrong with VirtualServices, between their rules and against everything else."""
