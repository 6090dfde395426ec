"""Scripted traffic: a scenario file is played as a switch, a customer and two people would, over the HTTP doors.

`words` (what the phrases mean), `script` (the file), `course` (the records of one call) and `comparison` are pure;
`setting` makes the account, `customer_server` and `switch` are the two far ends, `player` goes through the steps,
`told` reads what came of it. docs/simulation.md says what a file may contain.
"""
