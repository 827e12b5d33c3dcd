"""Sentences of Django itself that people read here.

They are marked here so that our catalogues word them like everything else; what a catalogue of ours says is
preferred to Django's own translation, which is often missing or bookish.
"""
