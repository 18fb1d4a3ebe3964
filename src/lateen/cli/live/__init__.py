"""What commands do with a running mesh beside asking its API: its objects, and real requests in it."""
