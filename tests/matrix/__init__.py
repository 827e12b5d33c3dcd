"""Every route, page, admin view and socket message, asked by everybody, about everything: who gets what.

`table.py` is the one place that says who may. It is written by hand, from the requirements and not from the code, and
whatever it does not say is refused. **To add a route** add a line to it: the method and the pattern as the URL
configuration spells it, who may (`department(...)`, `facility(...)`, `everybody()`), and where needed a `body` whose
`{words}` are filled with the ids of the place that is asked about. A route, a button of the console, a model of the
admin, a stream or a socket message without a line fails `test_listed.py`.

The world (`world.py`) has three places: *here*, the department of most principals; *there*, another department of the
same hospital; *away*, another hospital. In each of them people, papers and things carry canaries: words, numbers and
phones that stand nowhere else, so that whatever of them shows in an answer can be told.
"""
