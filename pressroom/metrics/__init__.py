"""What a process counts and tells: the list of all metrics, and the few ways in which they are filled."""
