"""Rules about the settings of proxies."""
