"""The lateen command, one module per subcommand."""
