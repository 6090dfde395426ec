"""The pages of pushes: what was sent to customers' servers, what waits, and how the servers fare."""
