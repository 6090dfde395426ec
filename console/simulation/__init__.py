"""Made-up traffic, as a switch would deliver it: who calls, when, how it ends, and the wire records of it.

`clock` (when), `people` (who), `failures` and `texts` (what), `calls`, `messages` and `traffic` (the records of it) are
pure and decided by a seed; `stage` reads which numbers there are; `sender` and `server` bring the records through the
HTTP door.
"""
