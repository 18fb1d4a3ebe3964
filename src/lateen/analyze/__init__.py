"""Facts → findings that concern more than one object."""
