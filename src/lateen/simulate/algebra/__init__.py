"""Sets of requests, exactly: what two configurations do with every request there can be, not with some."""
