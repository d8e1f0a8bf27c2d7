"""A site taken down to nothing: looked at first, then step by step, then looked for again.

    finding      the stack, what it holds, and what else bears the site's name
    inventory    how much of everything there is, what goes, what stays and why
    exporting    the data, copied to a folder and checked
    leaving      machines: certificates, things, policies
    unstacking   the stack
    emptying     buckets and tables
    verifying    whether anything is left
    course       these, in their order

Everything that can fail comes before the data, which nothing brings back. Each step may be
found done: whatever is interrupted is finished by running it again.
"""
