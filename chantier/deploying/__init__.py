"""A deployment, step by step: what would change, what that allows, how it goes, why it failed.

`changes`, `differences`, `reading`, `grants`, `widening` and `failures` decide on plain data and
call nobody; `change_set`, `watching` and `recovery` call CloudFormation. `chantier.stack` puts
them together; nothing here knows the command line.
"""
