"""The pages of our numbers: the inventory, one number's life, steps for one or thousands, orders, transfers."""
