"""How a deployed site is: each part asked by itself, and told in a line.

A part that cannot be asked says why; it never hides the others.
"""
