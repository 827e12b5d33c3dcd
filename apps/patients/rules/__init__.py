"""Decisions of the registry, pure: names, phones, UHIDs, identifiers, ages and likely duplicates.

Whatever a rule refuses it refuses with `Invalid`, naming the field as the API does.
"""
