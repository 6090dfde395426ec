"""The rig that looks at pushes from outside: a switch, customers' servers, somebody who kills, and a checker.

Generator and receiver are processes of their own with logs of their own, appended and fsynced; they share no code with
what they test, and signatures are verified by the library that customers use (docs/bench.md).
"""
