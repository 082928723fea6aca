"""What an environment, a folder of wheels or an image really holds, compared with the wheels of the indexes.

`places` reads what is there into a `tree`, `distributions` finds what is installed in it, `wheels` reads a
wheel's own RECORD, and `compare` tells origin and integrity from the two. `verify` puts it together.
"""
