"""What it cost: balances, charges that explain themselves, packages, ledger, settlement runs."""
