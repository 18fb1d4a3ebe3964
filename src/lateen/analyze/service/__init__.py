"""What is wrong with Services, Deployments and Namespaces."""
