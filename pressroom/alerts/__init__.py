"""What operators are woken by: one list of conditions, for Prometheus and for the newsroom's own webhook."""
