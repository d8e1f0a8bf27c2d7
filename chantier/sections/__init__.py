"""The template in sections, each a few concerns of `resources/` wired together.

A section says which logical ids it holds, in the order in which a message meets
them, and `add` puts its resources, parameters and outputs in a template. It
knows the sections before it by what they built, never by name.
"""
