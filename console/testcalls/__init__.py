"""The pages of test calls: playing one, the list, one with its pushes and what the customer's server said."""
